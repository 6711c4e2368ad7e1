"""The captions of figures: the slice of the sweep, how it was measured, and what is missing from it."""

import pandas as pd

from analysis.figures.drawing.style import ARCHITECTURE_LABELS, number
from analysis.figures.rows.slices import Slice
from analysis.quantities import BALANCED_BITS, DONE_STATES, PAPER_BITS
from trainables.config import WITH_SHORTCUT

STATES = ("diverged", "failed", "interrupted", "running", "missing")
ALWAYS_NAMED = {
    "dataset": "{}",
    "depth": "D = {} hidden layers",
    "width": "W = {}",
    "epochs": "{} epochs",
    "batch_size": "batches of {}",
    "residual_sums": "residual sums of {}",
    "batch_norm_momentum": "BatchNorm momentum {}",
    "batch_norm_statistics": "{} BatchNorm statistics",
    "frozen": "{}",
    "channel_noise": "channel noise {}",
    "activation": "{} units",
    "bias_std": "initial biases of deviation {}",
}
# What a field is called where its value says that something is absent.
ABSENT = {("epochs", 0): "untrained", ("batch_norm", False): "no BatchNorm", ("frozen", True): "frozen weights"}
LEFT_OUT = {
    *(("channel_noise", 0), ("batch_norm", True), ("frozen", False), ("batch_norm_statistics", "moving")),
    *(("activation", "tanh"), ("bias_std", 0), ("batch_size", "all"), ("residual_sums", "pairs")),
}
OF_BATCH_NORM = ("batch_norm_momentum", "batch_norm_statistics")
CONTROL = "Grey: the control, the same networks with frozen weights, which never learn"
ESTIMATORS = {"ksg": "KSG-1", "ksg2": "KSG-2", "npeet": "KSG-1 by NPEET"}
NOT_ACROSS_WIDTHS = "KSG underestimates in high dimension: compare shapes, not levels, across widths."


def incompleteness(shown: pd.DataFrame, sweep: pd.DataFrame) -> str | None:
    """`5 of 8 points finished: incomplete (2 running, 1 missing)` for the points of a figure, or None if all finished.

    shown: the points the figure is about. sweep: all points; if only others are unfinished, that is said as well.
    A sweep whose other points all diverged has nothing left to run: it is counted out but not called incomplete.
    """
    sweep = sweep.drop_duplicates("point_id")
    finished, everything = int((shown["state"] == "finished").sum()), int((sweep["state"] == "finished").sum())
    if everything == len(sweep):
        return None
    over = sweep["state"].isin(DONE_STATES).all()
    if finished == len(shown):
        extent = "Whole sweep" if over else "Incomplete sweep"
        return f"{extent}: {everything} of {len(sweep)} points finished (the {finished} points of this figure all are)"
    counts = shown["state"].value_counts()
    named = [*STATES, *sorted(set(counts.index) - {*STATES, "finished"})]
    reasons = ", ".join(f"{counts[state]} {state}" for state in named if state in counts)
    rest = f"; whole sweep: {everything} of {len(sweep)}" if len(sweep) != len(shown) else ""
    return f"{finished} of {len(shown)} points finished{'' if over else ': incomplete'} ({reasons}){rest}"


def warnings(shown: Slice, points: pd.DataFrame, drawn: pd.DataFrame) -> tuple[str, ...]:
    """The limits of the figure that a reader must know, the most important first."""
    lines = [incompleteness(shown.points, points)]
    finished = set(shown.points.loc[shown.points["state"] == "finished", "point_id"])
    if unmeasured := len(finished - set(drawn["point_id"])):
        lines.append(f"{unmeasured} finished point{'s' * (unmeasured > 1)} without the measurement that is drawn here")
    has_pairs = {"architecture", "pair"} <= set(drawn.columns)
    if has_pairs and (drawn["architecture"].isin(WITH_SHORTCUT) & (drawn["pair"] == "first-last")).any():
        lines.append("Shortcut networks are drawn as first-last: first-merged, the paper's quantity, was not measured")
    return tuple(line for line in lines if line)


def describe(shown: Slice) -> str:
    """The slice as text: `mnist (of digits, mnist), D = 5 hidden layers, 200 epochs`."""
    has_momentum = shown.fixed.get("batch_norm", True)
    patterns = {name: text for name, text in ALWAYS_NAMED.items() if has_momentum or name not in OF_BATCH_NORM}
    if not has_momentum:
        patterns["batch_norm"] = "{}"
    parts = [_with_choices(shown, name, pattern) for name, pattern in patterns.items() if name in shown.fixed]
    parts += [_with_choices(shown, name, name + " = {}") for name in shown.choices if name not in patterns]
    return ", ".join(part for part in parts if part)


def seeds(drawn: pd.DataFrame, series: list[str]) -> str:
    """`5 seeds` or `3 to 5 seeds`: the number of points behind each series of the figure."""
    counts = drawn.groupby(series)["point_id"].nunique()
    low, high = int(counts.min()), int(counts.max())
    return (f"{low} seed" + "s" * (low != 1)) if low == high else f"{low} to {high} seeds"


def measurement(shown: Slice, drawn: pd.DataFrame) -> str:
    """`MI between the first hidden layer and ... : pair first-merged, KSG-1, k = 3, N = 10,000`, as far as known."""
    return f"MI: {_pairs(drawn)}, {estimator(shown)}"


def estimator(shown: Slice) -> str:
    """`KSG-1, k = 3, N = 10,000`, as far as known."""
    parts = [ESTIMATORS.get(str(shown.fixed.get("measure_estimator")), "KSG-1")]
    if (neighbors := shown.fixed.get("measure_neighbors")) is not None:
        parts.append(f"k = {number(neighbors)}")
    if (samples := shown.fixed.get("measure_samples")) is not None:
        parts.append("N = all validation images" if samples == "all" else f"N = {number(samples)}")
    return ", ".join(parts)


def series_note(drawn: pd.DataFrame) -> list[str]:
    """The warning about levels, where networks of several widths share an axis of bits."""
    widths = drawn.loc[drawn[[c for c in (PAPER_BITS, BALANCED_BITS) if c in drawn]].notna().any(axis=1), "width"]
    return [NOT_ACROSS_WIDTHS] if widths.nunique() > 1 else []


def _with_choices(shown: Slice, name: str, pattern: str) -> str:
    value = shown.fixed[name]
    text = ABSENT.get((name, value)) or pattern.format(number(value))
    if name not in shown.choices:
        return "" if (name, value) in LEFT_OUT else text
    return f"{text} (of {', '.join(number(value) for value in shown.choices[name])})"


_MEANING = {
    "first-merged": "first hidden layer, and what enters the softmax",
    "first-last": "first and last hidden layer",
}


def _pairs(drawn: pd.DataFrame) -> str:
    by_pair = drawn.dropna(subset=["pair"]).groupby("pair")["architecture"].unique()
    if len(by_pair) == 1:
        pair = by_pair.index[0]
        return f"pair {pair} ({_MEANING[pair]})" if pair in _MEANING else f"pair {pair}"
    named = (f"{pair} ({', '.join(ARCHITECTURE_LABELS.get(a, a) for a in by_pair[pair])})" for pair in by_pair.index)
    return "pairs " + " and ".join(named) + ", the same where there is no shortcut"
