"""The MLflow mirror of a store: in the background of a run, or replayed. Only `mirror` imports mlflow, when it is used.

Not here: what is true (`store`); an outage changes nothing there.
"""
