"""Which points of a sweep a figure shows: one slice, every other config field held fixed."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from analysis.figures.model import NothingToDraw
from trainables.config import TrialConfig

RESULT_COLUMNS = frozenset(
    {"sweep", "point_id", "config_id", "state", "attempts", "attempt", "epochs_done"}
    | {"attempt_times", "device", "host", "backend", "git_commit", "timestamp", "tags", "log", "log_tail"}
)
RESULT_PREFIXES = ("final_", "failure_", "jacobian_", "mi_", "provenance")
RESULT_SUFFIXES = ("_seconds", "_bits", "_version", "_path", "_commit", "_at")
# How much is measured, not what: points that differ here alone lie on the same curve.
BREADTH = frozenset({"pairs", "scales", "every", "diagnostics"})
DEFAULTS = {name: value for name, value in TrialConfig().flat().items() if name != "dataset"}
ORDER = ("dataset", "depth", "width", "epochs")


@dataclass(frozen=True)
class Slice:
    """The points of one figure.

    points: every point of the slice in whatever state, so also those without a single epoch.
    fixed: the value of each config column that is held fixed.
    choices: for the columns where the sweep offered several values, all of them.
    """

    points: pd.DataFrame
    fixed: dict[str, Any]
    choices: dict[str, tuple[Any, ...]]


def field_value(fixed: dict[str, Any], name: str) -> Any:
    """The value of a config field whether its column is called `name`, `measure.name` or `measure_name`; or None."""
    return next((value for column, value in fixed.items() if _last(column, name)), None)


def config_columns(points: pd.DataFrame) -> list[str]:
    """The columns of `points` that describe the experiment and not its outcome; the seed is left out."""
    return [column for column in points.columns if column != "seed" and _is_config(column)]


def choose(points: pd.DataFrame, measured: set[str], own: Sequence[str], architectures: Sequence[str]) -> Slice:
    """The slice that shows the most distinct values of the figure's `own` columns.

    points: one row per point. measured: the ids of the points that have something to draw.
    Ties go to the slice with more measured points, then to the larger data set, then to the one that holds more fields
    at their default, as the presets do, then to the larger fixed values (depth, width first).
    A slice that shows more of the `architectures` always wins.
    """
    candidates = points[points["architecture"].isin(architectures)].drop_duplicates("point_id")
    held = [column for column in _ordered(config_columns(points)) if column not in own]
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
    choices = {column: tuple(sorted(set(plain[column][drawable]), key=_sortable)) for column in held}
    return Slice(
        points=candidates[keys.map(best.__eq__)],
        fixed=dict(zip(held, best, strict=True)),
        choices={column: values for column, values in choices.items() if len(values) > 1},
    )


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


def _last(column: str, name: str) -> bool:
    return column == name or column.endswith(("." + name, "_" + name))


def _is_config(column: str) -> bool:
    name = re.split(r"[.]", column)[-1]
    if any(_last(column, word) for word in ("neighbors", "samples")):
        return True
    if any(_last(column, word) for word in BREADTH) or column in RESULT_COLUMNS:
        return False
    return not name.startswith(RESULT_PREFIXES) and not name.endswith(RESULT_SUFFIXES)


def _ordered(columns: list[str]) -> list[str]:
    return [*(name for name in ORDER if name in columns), *(name for name in columns if name not in ORDER)]
