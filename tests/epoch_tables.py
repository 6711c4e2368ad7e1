"""The epochs of a sweep as a table, to be compared with those of another run of the same points."""

from pathlib import Path

import pandas as pd

from analysis.tables import from_store
from sweep.store import Store

CLOCKS = ["train_seconds", "measure_seconds", "credibility_seconds", "timestamp"]
"""Columns, where a table has them, in which two runs of the same points differ."""


def epochs(store: Path | str, sweep: str = "struck") -> pd.DataFrame:
    """What epochs.parquet would hold of a sweep, but for clocks."""
    return from_store(Store(store), sweep).epochs.to_pandas().drop(columns=CLOCKS, errors="ignore")
