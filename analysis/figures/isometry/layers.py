"""Mutual information of the input and each hidden layer of untrained networks, layer by layer."""

import pandas as pd
from matplotlib import rc_context
from matplotlib.artist import Artist
from matplotlib.figure import Figure as Canvas

from analysis.figures.drawing import style
from analysis.figures.drawing.curves import Curves, level_keys
from analysis.figures.drawing.layout import sheet
from analysis.figures.isometry import shared
from analysis.figures.model import FigureData, NothingToDraw
from analysis.figures.rows import captions
from analysis.figures.rows.layer_rows import with_input
from analysis.mean_field import critical_gain
from analysis.quantities import BALANCED_BITS

CURVES = Curves(("initializer", "gain"), "layer")
NEEDS = "needs MI of the input and each hidden layer at two or more gains (preset isometry)"
GAINS_SHOWN = 8


def table(epochs: pd.DataFrame, points: pd.DataFrame) -> FigureData:
    """One row per run and layer, then medians and quartiles per initializer, gain and layer; MI in bits, balanced."""
    if "gain" not in points:
        raise NothingToDraw(NEEDS)
    rows = with_input(epochs[epochs["epoch"] == 0], points, ["gain"])
    rows = rows[rows[BALANCED_BITS].notna()]
    shown = shared.gain_slice(points, set(rows["point_id"]), CURVES.series, NEEDS)
    drawn = shown.select(rows)
    gains = sorted(drawn["gain"].unique().tolist())
    critical = critical_gain(*shared.units(shown))
    kept = _spread(gains, critical)
    drawn = drawn[drawn["gain"].isin(kept)].reset_index(drop=True)
    of_all = f" of {len(gains)}" if len(kept) < len(gains) else ""
    return FigureData(
        table=CURVES.table(drawn, [BALANCED_BITS], also=["pair"]).pipe(shared.with_critical, shown),
        title=f"{shared.PAPER}: MI of the input and each layer at initialization",
        caption=shared.describe(shown, drawn, CURVES.series, "curve")
        + f", {len(kept)}{of_all} gains. MI: image and hidden layer, balanced scale, {captions.estimator(shown)}.",
        colour_by="gain",
        warnings=captions.warnings(shown, points, rows),
    )


def _spread(gains: list[float], at: float) -> list[float]:
    """At most `GAINS_SHOWN` of the sorted gains, first, last and the one nearest the critical gain among them."""
    if len(gains) <= GAINS_SHOWN:
        return gains
    steps = {round(i * (len(gains) - 1) / (GAINS_SHOWN - 2)) for i in range(GAINS_SHOWN - 1)}
    critical = min(range(len(gains)), key=lambda place: abs(gains[place] - at))
    return [gains[place] for place in sorted(steps | {critical})]


def draw(data: FigureData) -> Canvas:
    """A panel per initializer, colours by gain."""
    rows = data.table
    palette = shared.gain_colours(rows["gain"].unique().tolist(), float(rows[shared.CRITICAL_GAIN].iloc[0]))
    initializers = shared.initializers(rows)
    with rc_context(style.RC):
        canvas, axes = sheet(data, 1, len(initializers), 2.6, _legends(data, palette))
        for axis, initializer in zip(axes[0], initializers, strict=True):
            CURVES.draw(axis, rows[rows["initializer"] == initializer], BALANCED_BITS, "gain", palette)
            axis.set_title(shared.initializer_label(initializer), loc="left")
            axis.set_xlabel("Hidden layer")
            axis.xaxis.get_major_locator().set_params(integer=True)
        axes[0, 0].set_ylabel("MI of input and layer, balanced (bits)")
        axes[0, 0].set_ylim(bottom=min(0.0, float(rows[BALANCED_BITS].min())))
    return canvas


def _legends(data: FigureData, palette: dict[float, str]) -> list[tuple[str, list[Artist]]]:
    return [(shared.GAIN_LABEL, level_keys("gain", palette)), ("Lines", CURVES.keys(data.table))]
