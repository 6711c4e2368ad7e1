"""Rows of the pairs that name layers by number: the input and a layer, a layer and the label, two layers."""

from collections.abc import Sequence

import pandas as pd

KEYS = ["point_id", "epoch"]


def with_input(epochs: pd.DataFrame, points: pd.DataFrame, fields: Sequence[str] = ()) -> pd.DataFrame:
    """The rows of the pairs of the input and each layer: their `layer`, and the given columns of `points`."""
    return _of_pairs(epochs, points, r"input-(?P<layer>\d+)", fields)


def with_label(epochs: pd.DataFrame, points: pd.DataFrame, fields: Sequence[str] = ()) -> pd.DataFrame:
    """The rows of the pairs of each layer and the label."""
    return _of_pairs(epochs, points, r"(?P<layer>\d+)-label", fields)


def between(epochs: pd.DataFrame, points: pd.DataFrame, fields: Sequence[str] = ()) -> pd.DataFrame:
    """The rows of the pairs of two layers: the numbers of the `earlier` and the `later` one."""
    return _of_pairs(epochs, points, r"(?P<earlier>\d+)-(?P<later>\d+)", fields)


def _of_pairs(epochs: pd.DataFrame, points: pd.DataFrame, pattern: str, fields: Sequence[str]) -> pd.DataFrame:
    """One row per point, epoch and pair of that pattern, with the point's state, sorted by all of them."""
    numbers = epochs["pair"].astype(str).str.extract(f"^{pattern}$")
    is_named = numbers.notna().all(axis="columns")
    rows = epochs[is_named].join(numbers[is_named].astype(int)).drop_duplicates([*KEYS, "pair"])
    new = [name for name in dict.fromkeys(["state", *fields]) if name not in rows]
    rows = rows.merge(points.drop_duplicates("point_id")[["point_id", *new]], on="point_id", validate="many_to_one")
    order = ["architecture", "width", "depth", *(name for name in fields if name in rows), "seed", *KEYS]
    return rows.sort_values([*dict.fromkeys(order), *numbers.columns], kind="stable").reset_index(drop=True)
