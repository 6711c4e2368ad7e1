"""The tables of a sweep: epochs, points and measures, from a store or from MLflow, with units and meanings.

Imported by `export`, `report` and `commands`. Not here: files (`export`).

Only `mlflow_access` imports mlflow, so `from_mlflow` is imported by its name where it is needed.
"""

from analysis.tables.collect import from_store
from analysis.tables.measures import MEASURES, channel_values, measure_rows, with_channel
from analysis.tables.tables import EPOCHS, POINTS, Tables

__all__ = ["EPOCHS", "MEASURES", "POINTS", "Tables", "channel_values", "from_store", "measure_rows", "with_channel"]
