"""The measured quantities by the names of their columns: test error, MI of the paper's pair of layers, Jacobians."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from trainables.config import WITH_SHORTCUT

JACOBIAN_MEAN = "jacobian_mean_squared_singular_value"

JACOBIAN_SPREAD = "jacobian_spread_squared_singular_value"


DONE_STATES = ("finished", "diverged")
"""The states of a point that has its result: a training that diverged is one."""

TEST_ERROR = "test_error"
PAPER_BITS = "mutual_information_bits"
BALANCED_BITS = "mutual_information_balanced_bits"
CHANNEL_BITS = "channel_bits"
OTHER_MEASURES = {name: f"{name}_bits" for name in ("rank", "gaussian", "sliced", "binned", "channel")}
"""Columns of the epochs as figures and claims read them: what other measures say of the pair, in bits."""

CEILINGS = {column: f"{name}_ceiling_bits" for name, column in OTHER_MEASURES.items()}
"""By such a column that of the most which so many samples can give, bits."""
KSG_CEILING = "mi_ceiling_bits"

TWONN, PARTICIPATION, SIGNAL_TO_NOISE = "twonn_dimension", "participation_ratio", "gradient_signal_to_noise"
LABEL_BITS = "channel_label_bits"
OF_LAYERS = (TWONN, PARTICIPATION, SIGNAL_TO_NOISE, LABEL_BITS)
"""Columns of the epochs as claims read them, in rows of single layers: dimensions, the gradients' signal to noise, and
what the layer with noise tells of the class, bits."""


def layer_row(layer: str) -> str:
    """What stands in the column of pairs in rows of a single layer: `1` is hidden layer 1, or `merged`."""
    return f"layer {layer}"


MI_COLUMNS = (PAPER_BITS, BALANCED_BITS)
PREFERRED_PAIRS = ("first-merged", "first-last")
TRACE_COLUMNS = ("point_id", "dataset", "architecture", "width", "depth", "seed", "state", "epoch", "pair", TEST_ERROR)


def present(frame: pd.DataFrame) -> list[str]:
    """The mutual-information columns that hold at least one number."""
    return [column for column in MI_COLUMNS if column in frame and frame[column].notna().any()]


def with_any(rows: pd.DataFrame, columns: Sequence[str]) -> pd.DataFrame:
    """The rows with a number in at least one of these columns; none without columns."""
    return rows.dropna(subset=list(columns), how="all") if columns else rows.iloc[:0]


def default_pair(epochs: pd.DataFrame) -> pd.DataFrame:
    """The rows of the paper's pair: first-merged, else first-last, decided once per architecture.

    Networks without a shortcut have one pair under either name, so they take what each point has. A network
    with a shortcut takes first-last only if no point of its architecture has first-merged, never a mixture.
    """
    rows = epochs[epochs["pair"].isin(PREFERRED_PAIRS)]
    merged = rows[rows["pair"] == "first-merged"]
    shortcut = rows["architecture"].isin(WITH_SHORTCUT)
    has_merged = rows["architecture"].isin(merged["architecture"]) & shortcut
    has_merged |= rows["point_id"].isin(merged["point_id"]) & ~shortcut
    return rows[(rows["pair"] == "first-merged") | ~has_merged].drop_duplicates(["point_id", "epoch"])


def traces(epochs: pd.DataFrame, points: pd.DataFrame) -> pd.DataFrame:
    """One row per measured epoch of each point, with its state, in the order of training.

    Epochs without a number for the error or for every mutual information are left out.
    """
    states = points.drop_duplicates("point_id")[["point_id", "state"]]
    rows = default_pair(epochs).merge(states, on="point_id", how="inner", validate="many_to_one")
    bits = present(rows)
    rows = rows[rows[TEST_ERROR].notna() & rows[bits].notna().any(axis="columns")] if bits else rows.iloc[:0]
    return ordered(rows[[*TRACE_COLUMNS, *bits]])


def ordered(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows sorted by network, seed and epoch whatever order they came in."""
    keys = ["architecture", "width", "depth", "seed", "point_id", "epoch"]
    return rows.sort_values(keys, kind="stable").reset_index(drop=True)


def keeps_norms(means: Sequence[float]) -> int | None:
    """The index of the network, of several gains, that keeps norms best: its mean squared singular value is nearest 1.

    means: that of the input-output Jacobian of each. Distances are of logarithms, so that half and double are equally
    far. None when all lie on one side of 1, as the gain of isometry is then not among them; values that are not
    positive numbers are left out.
    """
    with np.errstate(invalid="ignore", divide="ignore"):
        logarithms = np.log(np.asarray(means, dtype=float))
    is_known = np.isfinite(logarithms)
    if not is_known.any() or not logarithms[is_known].min() <= 0 <= logarithms[is_known].max():
        return None
    return int(np.argmin(np.where(is_known, np.abs(logarithms), np.inf)))
