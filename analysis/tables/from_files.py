"""The tables of a sweep from exported files, of whatever origin; what they lack of a config is its default."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from analysis.quantities import BALANCED_BITS, OF_LAYERS, OTHER_MEASURES, PAPER_BITS, TEST_ERROR
from analysis.tables.measures import LayerValue, MeasuredValue, of_layer, other_measure
from sweep.errors import UsageError
from trainables.config import TrialConfig

NEEDED = {
    "epochs.parquet": ("point_id", "epoch", "pair", TEST_ERROR),
    "points.parquet": ("point_id", "state", "architecture", "width", "depth", "seed", "epochs"),
}
"""The columns that judging cannot do without; what else a config has is taken to be its default."""

STATES = {"finished", "diverged", "failed", "running", "interrupted", "missing"}
EXPORT = "sweep export SWEEP -o DIR writes such files"


class Exported(NamedTuple):
    """The name of the sweep, its two tables, and the values of measures beside KSG, of pairs and of layers."""

    sweep: str
    epochs: pd.DataFrame
    points: pd.DataFrame
    measures: list[MeasuredValue]
    layers: list[LayerValue]


def from_files(folder: Path) -> Exported:
    """The tables in a folder: epochs.parquet and points.parquet, and measures.parquet where it is there.

    Raises:
        UsageError: when a file is missing or no parquet, or lacks a column that is needed.
    """
    epochs, points = (_read(folder / name, columns) for name, columns in NEEDED.items())
    _refuse_what_is_ambiguous(folder, epochs, points)
    defaults = {name: value for name, value in TrialConfig().flat().items() if name not in points}
    points = points.assign(**defaults)
    measures, layers = _measures(folder / "measures.parquet")
    names = list(points["sweep"].unique()) if "sweep" in points else []
    return Exported(str(names[0]) if len(names) == 1 else folder.name, epochs, points, measures, layers)


def _refuse_what_is_ambiguous(folder: Path, epochs: pd.DataFrame, points: pd.DataFrame) -> None:
    """Raises UsageError for tables of several sweeps, rows that are there twice, and columns of a wrong type."""
    of_points, of_epochs = folder / "points.parquet", folder / "epochs.parquet"
    if "sweep" in points and points["sweep"].nunique() > 1:
        names = ", ".join(sorted(map(str, points["sweep"].unique())))
        raise UsageError(f"{of_points}: has points of several sweeps ({names}); allowed is one", next=EXPORT)
    for path, rows, key in ((of_points, points, ["point_id"]), (of_epochs, epochs, ["point_id", "epoch", "pair"])):
        twice = rows[rows.duplicated(key)]
        if len(twice):
            where = ", ".join(f"{name} {twice.iloc[0][name]}" for name in key)
            raise UsageError(f"{path}: has two rows of {where}; allowed is one", next=EXPORT)
    config = [name for name in TrialConfig().flat() if name in points]
    twice = points[points.duplicated(config)]
    if len(twice):
        raise UsageError(
            f"{of_points}: {twice.iloc[0]['point_id']} has the config of another point; "
            "allowed are configs that differ, in frozen for twins that never learn",
            next=EXPORT,
        )
    numbers = [(of_points, points, name) for name in ("width", "depth", "seed", "epochs")]
    numbers += [(of_epochs, epochs, name) for name in ("epoch", TEST_ERROR, PAPER_BITS, BALANCED_BITS)]
    for path, rows, name in numbers:
        if name in rows and not pd.api.types.is_numeric_dtype(rows[name]):
            raise UsageError(f"{path}: column {name} holds {rows[name].dtype}; allowed are numbers", next=EXPORT)
    if "frozen" in points and not pd.api.types.is_bool_dtype(points["frozen"]):
        raise UsageError(f"{of_points}: column frozen holds {points['frozen'].dtype}; allowed is bool", next=EXPORT)
    unknown = sorted(set(points["state"].astype(str)) - STATES)
    if unknown:
        raise UsageError(
            f"{of_points}: state {unknown[0]} is unknown; allowed are {', '.join(sorted(STATES))}", next=EXPORT
        )


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
    return table


def _measures(path: Path) -> tuple[list[MeasuredValue], list[LayerValue]]:
    if not path.exists():
        return [], []
    columns = ["point_id", "epoch", "pair", "measure", "value", "ceiling"]
    rows = _read(path, [*columns, "unit", "scale"])
    rows = rows[rows["value"].notna()]
    names = [other_measure(*row) for row in zip(rows["measure"], rows["scale"], strict=True)]
    of_pairs = pd.Series(names, rows.index).isin(OTHER_MEASURES) & (rows["unit"] == "bits") & rows["pair"].notna()
    pairs = rows.assign(measure=names).loc[of_pairs, columns].itertuples(index=False, name=None)
    if "layer" not in rows:
        return list(pairs), []
    names = [of_layer(*row) for row in zip(rows["measure"], rows["pair"], strict=True)]
    of_layers = pd.Series(names, rows.index).isin(OF_LAYERS) & rows["layer"].notna()
    layers = rows.assign(measure=names).loc[of_layers, ["point_id", "epoch", "layer", "measure", "value"]]
    return list(pairs), list(layers.itertuples(index=False, name=None))
