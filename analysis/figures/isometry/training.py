"""How fast networks train against the gain of their initial weights: epochs until the test error passes a threshold."""

import math

import numpy as np
import pandas as pd
from matplotlib import rc_context
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Canvas
from matplotlib.lines import Line2D

from analysis.figures.drawing import style
from analysis.figures.drawing.curves import GREY, Curves, level_keys
from analysis.figures.drawing.layout import sheet
from analysis.figures.drawing.style import number
from analysis.figures.isometry import shared
from analysis.figures.model import FigureData, NothingToDraw
from analysis.figures.rows import captions
from analysis.quantities import DONE_STATES, TEST_ERROR

CURVES = Curves(("initializer", "depth"), "gain", each_point=True, ended=DONE_STATES)
NEEDS = "needs trained networks of two or more gains (preset isometry-train)"
EPOCHS = "epochs_to_threshold"
THRESHOLDS = (0.02, 0.03, 0.05, 0.1, 0.15, 0.2, 0.3, 0.5)
ABOVE, STEP = 0.07, 0.045


def table(epochs: pd.DataFrame, points: pd.DataFrame) -> FigureData:
    """One row per run, then medians and quartiles per initializer, depth and gain, of the epochs to the threshold.

    A run that ended without passing it has no number and counts as slower than all others; a median that falls on such
    a run has no number either. Runs that have not ended are left out.
    """
    needed = epochs.drop_duplicates(["point_id", "epoch"])
    trained = set(needed.loc[needed["epoch"] > 0, "point_id"])
    shown = shared.gain_slice(points, trained, CURVES.series, NEEDS)
    ended = shown.points[shown.points["state"].isin(DONE_STATES)]
    traces = needed[needed["point_id"].isin(ended["point_id"])]
    threshold = _threshold(traces)
    passed = traces[traces[TEST_ERROR] <= threshold].groupby("point_id")["epoch"].min()
    drawn = ended.assign(**{EPOCHS: ended["point_id"].map(passed).fillna(math.inf)})
    drawn = drawn.sort_values([*CURVES.series, "gain", "seed", "point_id"])
    quantities = [EPOCHS, *([shared.JACOBIAN_MEAN] if shared.JACOBIAN_MEAN in drawn else [])]
    curves = shared.with_isometries(CURVES.table(drawn, quantities), CURVES.series)
    curves["has_passed"] = np.isfinite(curves[EPOCHS])
    curves["last_epoch"] = int(traces["epoch"].max())
    curves[EPOCHS] = curves[EPOCHS].where(curves["has_passed"])
    return FigureData(
        table=curves.pipe(shared.with_critical, shown),
        title=f"Epochs to a test error of {threshold:g} against the gain of the initial weights",
        caption=f"{captions.describe(shown)}; {captions.seeds(drawn, [*CURVES.series, 'gain'])} per network and gain. "
        f"The threshold, {threshold:g}, is the smallest round one that at least half of the runs passed. "
        f"Medians count runs that never passed it as slower than all others. {shared.RINGS}.",
        colour_by="depth",
        warnings=captions.warnings(shown, points, drawn),
    )


def _threshold(traces: pd.DataFrame) -> float:
    """The smallest of `THRESHOLDS` that at least half of the runs passed; raises NothingToDraw when there is none."""
    best = traces.groupby("point_id")[TEST_ERROR].min()
    passed = [threshold for threshold in THRESHOLDS if len(best) and (best <= threshold).mean() >= 0.5]
    if not passed:
        raise NothingToDraw(f"{NEEDS}; of those here fewer than half came below an error of {THRESHOLDS[-1]}")
    return passed[0]


def draw(data: FigureData) -> Canvas:
    """A panel per initializer, colours by depth; runs that never passed are crosses above the last epoch."""
    rows = data.table
    palette = style.ordered_colours(rows["depth"].unique().tolist())
    initializers = shared.initializers(rows)
    with rc_context(style.RC):
        canvas, axes = sheet(data, 1, len(initializers), 2.6, _legends(data, palette))
        for axis, initializer in zip(axes[0], initializers, strict=True):
            chosen = rows[rows["initializer"] == initializer]
            CURVES.draw(axis, _passed(chosen), EPOCHS, "depth", palette)
            shared.rings(axis, _passed(chosen), EPOCHS)
            _never(axis, chosen, palette)
            shared.gain_axis(axis, rows)
            axis.set_title(shared.initializer_label(initializer), loc="left")
            axis.set_xlabel(shared.GAIN_LABEL)
        axes[0, 0].set_ylabel("Epochs to the threshold")
        axes[0, 0].set_ylim(bottom=0)
    return canvas


def _never(axis: Axes, rows: pd.DataFrame, palette: dict[int, str]) -> None:
    last = float(rows["last_epoch"].max())
    missed = rows[(rows["statistic"] == "run") & ~rows["has_passed"]]
    axis.axhline(last, color=GREY, lw=0.6, zorder=1)
    for level, (depth, colour) in enumerate(palette.items()):
        gains = missed.loc[missed["depth"] == depth, "gain"]
        axis.plot(gains, [last * (1 + ABOVE + STEP * level)] * len(gains), "x", color=colour, ms=3.6, mew=1.0, zorder=4)


def _legends(data: FigureData, palette: dict[int, str]) -> list[tuple[str, list[Artist]]]:
    depths = level_keys("depth", palette)
    marks = shared.keys(_passed(data.table))
    if not data.table["has_passed"].all():
        last = number(int(data.table["last_epoch"].max()))
        marks.append(Line2D([], [], color=GREY, ls="none", marker="x", ms=4, label=f"not within {last} epochs"))
    return [(style.VARIABLE_LABELS["depth"], depths), ("Lines", CURVES.keys(_passed(data.table))), ("Marks", marks)]


def _passed(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows with a number; runs that diverged after they had passed count as finished."""
    return rows[rows["has_passed"]].assign(state="finished")
