"""The Ray cluster: settings, connection, nodes, preflight, what the driver hands on.

`connection`, `nodes` and `preflight` import Ray, so nothing is re-exported here: importing this package loads no Ray.
Imported by `jobs`, `trial`, `driver` and `cli`. Not here: what runs on the cluster (`driver`), jobs (`jobs`).
"""
