"""The MLflow mirror of a store: in the background of a run, or replayed. Only `mirror` imports mlflow, when it is used.

Not here: the results themselves (`store`), which an outage of MLflow does not change.
"""
