"""The test error of every epoch with the mutual information of the paper's pair beside it, and how runs ended."""

import pandas as pd

from analysis.quantities import MI_COLUMNS, TEST_ERROR, default_pair, ordered

KEYS = ["point_id", "epoch"]
IDENTITY = ["dataset", "architecture", "width", "depth", "seed"]


def error_rows(epochs: pd.DataFrame, points: pd.DataFrame) -> pd.DataFrame:
    """One row per (point, epoch) with an error, and the paper's mutual information where it was measured."""
    identity = [name for name in IDENTITY if name in epochs]
    base = epochs.drop_duplicates(KEYS)[[*KEYS, *identity, TEST_ERROR]]
    bits = [name for name in MI_COLUMNS if name in epochs]
    merged = base.merge(default_pair(epochs)[[*KEYS, "pair", *bits]], on=KEYS, how="left", validate="one_to_one")
    states = points.drop_duplicates("point_id")[["point_id", "state"]]
    return ordered(merged.merge(states, on="point_id", how="inner").dropna(subset=[TEST_ERROR]))


def final_rows(epochs: pd.DataFrame, points: pd.DataFrame) -> pd.DataFrame:
    """The last row of every finished point that was trained at all."""
    rows = error_rows(epochs, points)
    last = rows.drop_duplicates("point_id", keep="last")
    return last[(last["state"] == "finished") & (last["epoch"] > 0)].reset_index(drop=True)
