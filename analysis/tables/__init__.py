"""The tables of a sweep: epochs, points and measures, from a store or from MLflow, with units and meanings.

Imported by `export`, `report` and `commands`. Not here: files (`export`).

Only `mlflow_access` imports mlflow, so `from_mlflow` is imported by its name where it is needed.
"""

from analysis.tables.collect import from_store
from analysis.tables.measures import (
    MEASURES,
    kept_values,
    layer_values,
    measure_rows,
    measured_values,
    measuring,
    with_layers,
    with_measures,
)
from analysis.tables.tables import EPOCHS, POINTS, Tables

__all__ = [
    "EPOCHS",
    "MEASURES",
    "POINTS",
    "Tables",
    "from_store",
    "kept_values",
    "layer_values",
    "measure_rows",
    "measured_values",
    "measuring",
    "with_layers",
    "with_measures",
]
