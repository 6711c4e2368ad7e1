"""The epochs of a sweep as a table, to be compared with those of another run of the same points."""

import subprocess
from pathlib import Path

import pandas as pd

from analysis.tables import from_store
from sweep.store import Store
from tests.processes import bare_environment, program

CLOCKS = ["train_seconds", "measure_seconds", "credibility_seconds", "timestamp"]
"""Columns, where a table has them, in which two runs of the same points differ."""


def epochs(store: Path | str, sweep: str = "struck") -> pd.DataFrame:
    """What epochs.parquet would hold of a sweep, but for clocks."""
    return from_store(Store(store), sweep).epochs.to_pandas().drop(columns=CLOCKS, errors="ignore")


def undisturbed(spec: Path | str, store: Path, sweep: str = "struck", data_dir: Path | None = None) -> pd.DataFrame:
    """The epochs of a sweep that is run into the store without Ray, MLflow or a fault, one point after the other."""
    command = program("run_without_ray", str(spec), str(store), *([str(data_dir)] if data_dir else []))
    done = subprocess.run(command, env=bare_environment(), capture_output=True, text=True, timeout=600, check=False)
    assert done.returncode == 0, done.stderr
    return epochs(store, sweep)
