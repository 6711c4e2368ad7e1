"""The Ray cluster: settings, connection, nodes, preflight, what the driver hands on.

Modules but `settings` import Ray, so nothing is re-exported here: importing this package loads no Ray.
"""
