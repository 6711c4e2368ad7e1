"""Tables of a sweep, to be compared with those of another run of the same points, or of an older version."""

import subprocess
from pathlib import Path

import pandas as pd
import pyarrow as pa

from analysis.tables import from_store
from sweep.store import Store
from tests.processes import bare_environment, program
from trainables.config import TrialConfig

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


def as_then(now: pa.Table, then: pa.Table) -> pa.Table:
    """The columns that there were then; those added since are fields of the config, which have their defaults."""
    defaults = TrialConfig().flat()
    for name in set(now.column_names) - set(then.column_names):
        assert set(now[name].to_pylist()) == {defaults[name]}, name
    return now.select(then.column_names)


REWORDED = {"epochs", "epoch", "train_loss", "train_seconds", "mutual_information_bits"}
"""Columns whose meaning is said in other words since; they and their units are what they were."""


def as_worded_then(now: pa.Table, then: pa.Table) -> pa.Table:
    """The same values, with the meanings of then for columns that were reworded, whose units must be equal."""
    fields = []
    for one in now.schema:
        before = then.schema.field(one.name)
        if one.name in REWORDED:
            assert one.metadata[b"unit"] == before.metadata[b"unit"], one.name
            one = one.with_metadata(before.metadata)
        fields.append(one)
    return pa.table(now.columns, schema=pa.schema(fields, now.schema.metadata))
