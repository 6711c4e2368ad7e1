"""The two tables of a sweep: epochs and points, from a store or from MLflow, with units and meanings.

Imported by `export`, `report` and `commands`. Not here: files (`export`).

Only `mlflow_access` imports mlflow, so `from_mlflow` is imported by its name where it is needed.
"""

from analysis.tables.collect import from_store
from analysis.tables.tables import EPOCHS, POINTS, Tables

__all__ = ["EPOCHS", "POINTS", "Tables", "from_store"]
