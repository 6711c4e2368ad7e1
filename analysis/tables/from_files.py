"""The tables of a sweep from exported files, of whatever origin; what they lack of a config is its default."""

import json
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from analysis.quantities import OF_LAYERS, OTHER_MEASURES, TEST_ERROR
from analysis.tables.column_types import EXPORT, refuse_other_times, refuse_other_types
from analysis.tables.measures import LayerValue, MeasuredValue, of_layer, other_measure
from sweep.errors import UsageError
from trainables.config import TrialConfig

NEEDED = {
    "epochs.parquet": ("point_id", "epoch", "pair", TEST_ERROR),
    "points.parquet": ("point_id", "state", "architecture", "width", "depth", "seed", "epochs"),
}
"""The columns that judging cannot do without; what else a config has is taken to be its default."""

STATES = {"finished", "diverged", "failed", "running", "interrupted", "missing"}


class Exported(NamedTuple):
    """The name of the sweep, its two tables, and the values of measures beside KSG, of pairs and of layers.

    starts: the definitions of claims that the sweep recorded, where its claims.json is there too.
    """

    sweep: str
    epochs: pd.DataFrame
    points: pd.DataFrame
    measures: list[MeasuredValue]
    layers: list[LayerValue]
    starts: list[dict[str, Any]]


def from_files(folder: Path) -> Exported:
    """The tables in a folder: epochs.parquet, points.parquet, and where they are there measures.parquet, claims.json.

    Raises:
        UsageError: when a file is missing or no parquet, lacks a column that is needed, or has one of a wrong type.
    """
    epochs, points = (_read(folder / name, columns) for name, columns in NEEDED.items())
    refuse_other_times(folder / "points.parquet", points)
    _refuse_what_is_ambiguous(folder, epochs, points)
    defaults = {name: value for name, value in TrialConfig().flat().items() if name not in points}
    points = points.assign(**defaults)
    measures, layers = _measures(folder / "measures.parquet")
    names = list(points["sweep"].unique()) if "sweep" in points else []
    sweep, starts = str(names[0]) if len(names) == 1 else folder.name, _starts(folder / "claims.json")
    return Exported(sweep, epochs, points, measures, layers, starts)


def _refuse_what_is_ambiguous(folder: Path, epochs: pd.DataFrame, points: pd.DataFrame) -> None:
    """Raises UsageError for tables of several sweeps, rows that are there twice, and states that are unknown."""
    of_points, of_epochs = folder / "points.parquet", folder / "epochs.parquet"
    if "sweep" in points and points["sweep"].nunique() > 1:
        names = ", ".join(sorted(map(str, points["sweep"].unique())))
        raise UsageError(f"{of_points}: has points of several sweeps ({names}); allowed is one", next=EXPORT)
    _refuse_what_is_there_twice(of_points, points, "point_id")
    _refuse_what_is_there_twice(of_epochs, epochs, "point_id", "epoch", "pair")
    config = [name for name in TrialConfig().flat() if name in points]
    twice = points[points.duplicated(config)]
    if len(twice):
        raise UsageError(
            f"{of_points}: {twice.iloc[0]['point_id']} has the config of another point; "
            "allowed are configs that differ, in frozen for twins that never learn",
            next=EXPORT,
        )
    unknown = sorted(set(points["state"]) - STATES)
    if unknown:
        raise UsageError(
            f"{of_points}: state {unknown[0]} is unknown; allowed are {', '.join(sorted(STATES))}", next=EXPORT
        )


def _refuse_what_is_there_twice(path: Path, rows: pd.DataFrame, *key: str) -> None:
    twice = rows[rows.duplicated(list(key))]
    if len(twice):
        where = ", ".join(f"{name} {twice.iloc[0][name]}" for name in key)
        raise UsageError(f"{path}: has two rows of {where}; allowed is one", next=EXPORT)


def _read(path: Path, columns: Sequence[str]) -> pd.DataFrame:
    try:
        table = pq.read_table(path).to_pandas()
    except FileNotFoundError:
        raise UsageError(f"{path}: is not there; needed are {', '.join(NEEDED)}", next=EXPORT) from None
    except (OSError, pa.ArrowException) as error:
        raise UsageError(f"{path}: cannot be read as parquet: {error}", next=EXPORT) from error
    lacking = [name for name in columns if name not in table]
    if lacking:
        raise UsageError(
            f"{path}: lacks the column{'s' * (len(lacking) > 1)} {', '.join(lacking)}; needed are {', '.join(columns)}",
            next=EXPORT,
        )
    refuse_other_types(path, table, NEEDED.get(path.name, ("point_id", "epoch", "measure")))
    return table


def _measures(path: Path) -> tuple[list[MeasuredValue], list[LayerValue]]:
    if not path.exists():
        return [], []
    columns = ["point_id", "epoch", "pair", "measure", "value", "ceiling"]
    rows = _read(path, [*columns, "unit", "scale"])
    rows = rows[rows["value"].notna()]
    names = [other_measure(*row) for row in zip(rows["measure"], rows["scale"], strict=True)]
    of_pairs = pd.Series(names, rows.index).isin(OTHER_MEASURES) & (rows["unit"] == "bits") & rows["pair"].notna()
    pairs = rows.assign(measure=names).loc[of_pairs, columns]
    _refuse_what_is_there_twice(path, pairs, "point_id", "epoch", "pair", "measure")
    if "layer" not in rows:
        return list(pairs.itertuples(index=False, name=None)), []
    names = [of_layer(*row) for row in zip(rows["measure"], rows["pair"], strict=True)]
    of_layers = pd.Series(names, rows.index).isin(OF_LAYERS) & rows["layer"].notna()
    layers = rows.assign(measure=names).loc[of_layers, ["point_id", "epoch", "layer", "measure", "value"]]
    _refuse_what_is_there_twice(path, layers, "point_id", "epoch", "layer", "measure")
    return list(pairs.itertuples(index=False, name=None)), list(layers.itertuples(index=False, name=None))


def _starts(path: Path) -> list[dict[str, Any]]:
    if not path.exists():
        return []
    try:
        starts = [dict(one) for one in json.loads(path.read_bytes()).get("definitions_at_start", ())]
        for one in starts:
            datetime.fromisoformat(one["started"])
            one["definitions"] = {name: dict(held) for name, held in one["definitions"].items()}
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise UsageError(
            f"{path}: definitions_at_start cannot be read ({error!r}); allowed is what sweep claims -o writes",
            next="move it away, and the same again",
        ) from error
    return starts
