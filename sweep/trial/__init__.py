"""One trial: the Ray actor, the work on one point, its process, its log, its watchdog.

`actor` imports Ray, so nothing is re-exported here. Imported by `driver`. Not here: the training (`trainables`).
"""
