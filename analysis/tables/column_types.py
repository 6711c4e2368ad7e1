"""What the columns of tables of whatever origin must hold, so that they can be judged."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import pandas as pd
from pandas.api import types

from analysis.quantities import BALANCED_BITS, CEILINGS, JACOBIAN_MEAN, KSG_CEILING, PAPER_BITS, TEST_ERROR
from sweep.errors import UsageError
from sweep.text import counted, shown
from trainables.config import TrialConfig

EXPORT = "sweep export SWEEP -o DIR writes such files"
WORDS = ("point_id", "state", "architecture", "pair", "measure")
NUMBERS = ("epoch", TEST_ERROR, PAPER_BITS, BALANCED_BITS, KSG_CEILING, JACOBIAN_MEAN, "value", "ceiling")


def _is_numbers(column: pd.Series) -> bool:
    return types.is_numeric_dtype(column) and not types.is_bool_dtype(column)


def _is_text(column: pd.Series) -> bool:
    return all(isinstance(one, str) for one in column.dropna())


def _is_batches(column: pd.Series) -> bool:
    return bool(column.astype(str).str.fullmatch(r"all|[1-9]\d*").all())


Check = Callable[[pd.Series], bool]
KINDS: Mapping[type, tuple[str, Check]] = {
    bool: ("bool", types.is_bool_dtype),
    int: ("numbers", _is_numbers),
    float: ("numbers", _is_numbers),
}
"""By the type of a field of a config what its column holds, in words."""

OF_COLUMN: Mapping[str, tuple[str, Check]] = {
    **{name: KINDS[type(value)] for name, value in TrialConfig().flat().items() if type(value) in KINDS},
    **dict.fromkeys((*NUMBERS, *CEILINGS, *CEILINGS.values()), KINDS[float]),
    **dict.fromkeys(WORDS, ("text", _is_text)),
    "batch_size": ("all, or numbers of images", _is_batches),
}


def refuse_other_types(path: Path, rows: pd.DataFrame, needed: Sequence[str]) -> None:
    """Raises UsageError for a column that does not hold what it must, and for a needed one with gaps but for errors."""
    for name in (one for one in needed if one != TEST_ERROR):
        if gaps := int(rows[name].isna().sum()):
            raise UsageError(f"{path}: column {name} has no value in {counted(gaps, 'row')}", next=EXPORT)
    for name, (allowed, holds) in OF_COLUMN.items():
        known = rows[name].dropna() if name in rows else pd.Series()
        if len(known) and not holds(rows[name]):
            held = f"{rows[name].dtype}, as {shown(known.iloc[0])}"
            raise UsageError(f"{path}: column {name} holds {held}; allowed: {allowed}", next=EXPORT)


def refuse_other_times(path: Path, points: pd.DataFrame) -> None:
    """Raises UsageError where the column of attempts, if it is there, does not tell when each of them started."""
    for attempts in points.get("attempt_times", ()):
        if not _are_attempts(attempts):
            raise UsageError(
                f"{path}: column attempt_times holds {shown(attempts)}; allowed are lists of attempts, each with the "
                "time and zone at which it started, as {'started': '2026-12-01T07:14:30+00:00'}",
                next="the same without that column, or as sweep export SWEEP -o DIR writes it",
            )


def _are_attempts(attempts: Any) -> bool:
    if types.is_scalar(attempts) and pd.isna(attempts):
        return True
    try:
        started = [dict(one)["started"] for one in attempts]
        return all(one is None or datetime.fromisoformat(one).tzinfo for one in started)
    except (ValueError, TypeError, KeyError):
        return False
