"""Which points of a sweep a figure shows: one slice, every other config field held fixed."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from analysis.figures.model import NothingToDraw
from trainables.config import TrialConfig

BREADTH = frozenset(f"measure_{name}" for name in ("pairs", "scales", "every", "measures", "noise", "noise_at"))
"""Fields that set how often and how much is measured: points that differ only in these are on the same curve."""

CONFIG_COLUMNS = tuple(name for name in TrialConfig().flat() if name != "seed" and name not in BREADTH)
"""The columns of a table of points that describe the experiment and not its outcome; the seed is left out."""

DEFAULTS = {name: value for name, value in TrialConfig().flat().items() if name != "dataset"}
ORDER = ("dataset", "depth", "width", "epochs")
FROZEN = "frozen"


@dataclass(frozen=True)
class Slice:
    """The points of one figure.

    points: every point of the slice in whatever state, so also those without a single epoch.
    fixed: the value of each config column that is held fixed.
    choices: for the columns where the sweep offered several values, all of them.
    controls: the points with frozen weights that are like points of the slice in all else.
    """

    points: pd.DataFrame
    fixed: dict[str, Any]
    choices: dict[str, tuple[Any, ...]]
    controls: pd.DataFrame

    def select(self, rows: pd.DataFrame) -> pd.DataFrame:
        """The rows of the points of the slice."""
        return rows[rows["point_id"].isin(self.points["point_id"])]

    def select_with_controls(self, rows: pd.DataFrame) -> pd.DataFrame:
        """The rows of the points of the slice, then those of their controls; the column `frozen` tells them apart."""
        controls = rows[rows["point_id"].isin(self.controls["point_id"])]
        return pd.concat([self.select(rows).assign(frozen=False), controls.assign(frozen=True)])


def choose(points: pd.DataFrame, measured: set[str], own: Sequence[str], architectures: Sequence[str]) -> Slice:
    """The slice that shows the most distinct values of the figure's `own` columns.

    points: one row per point. measured: the ids of the points that have something to draw.
    Ties go to the slice with more measured points, then to the larger data set, then to the one that holds more fields
    at their default, as the presets do, then to the larger fixed values (depth, width first).
    A slice that shows more of the `architectures` always wins. Points with frozen weights are the controls of the
    slice, unless nothing else is measured.
    """
    everything = points[points["architecture"].isin(architectures)].drop_duplicates("point_id")
    candidates = _trained(everything, measured)
    held = [column for column in _ordered(points.columns) if column not in own]
    drawable = candidates["point_id"].isin(measured)
    if not drawable.any():
        raise NothingToDraw("no point has a measurement")
    plain = {column: candidates[column].map(_plain) for column in held}
    keys = pd.Series(
        list(zip(*(plain[column] for column in held), strict=True)) if held else [()] * len(candidates),
        index=candidates.index,
    )
    scores = {
        key: _score(candidates[drawable & keys.map(key.__eq__)], own, dict(zip(held, key, strict=True)))
        for key in set(keys[drawable])
    }
    best = max(scores, key=lambda key: scores[key])
    plain_of = dict(zip(held, best, strict=True))
    twins = everything.drop(candidates.index)
    likes = [name for name in held if name != FROZEN]
    is_twin = twins[likes].apply(lambda row: all(_plain(row[name]) == plain_of[name] for name in likes), axis="columns")
    choices = {column: tuple(sorted(set(plain[column][drawable]), key=_sortable)) for column in held}
    return Slice(
        points=candidates[keys.map(best.__eq__)],
        fixed=plain_of,
        choices={column: values for column, values in choices.items() if len(values) > 1},
        controls=twins[is_twin] if len(twins) else twins,
    )


def _trained(points: pd.DataFrame, measured: set[str]) -> pd.DataFrame:
    """The points whose weights are not frozen; all of them where none of these is measured."""
    if FROZEN not in points:
        return points
    trained = points[~points[FROZEN].fillna(False).astype(bool)]
    return trained if trained["point_id"].isin(measured).any() else points


def _score(shown: pd.DataFrame, own: Sequence[str], fixed: dict[str, Any]) -> tuple[Any, ...]:
    usual = sum(fixed[name] == value for name, value in DEFAULTS.items() if name in fixed)
    tie_break = str(fixed.get("dataset")), usual, tuple(_sortable(value) for value in fixed.values())
    return shown["architecture"].nunique(), len(shown[list(own)].drop_duplicates()), len(shown), *tie_break


def _sortable(value: Any) -> tuple[int, float, str]:
    if isinstance(value, (int, float)):
        return 1, float(value), ""
    return 0, 0.0, str(value)


def _plain(value: Any) -> Any:
    """A hashable stand-in: numbers as they are, nothing as None, lists and the rest as their text."""
    if hasattr(value, "tolist"):
        value = value.tolist()
    if value is None or value is pd.NA or value != value:
        return None
    return value if isinstance(value, (bool, int, float, str)) else str(value)


def _ordered(columns: Iterable[str]) -> list[str]:
    """The config columns among these, the most important first."""
    present = set(columns)
    return [name for name in dict.fromkeys((*ORDER, *CONFIG_COLUMNS)) if name in present]
