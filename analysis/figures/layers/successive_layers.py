"""Mutual information of each layer and the next, through training."""

import pandas as pd
from matplotlib import rc_context
from matplotlib.artist import Artist
from matplotlib.figure import Figure as Canvas

from analysis.figures.drawing import style
from analysis.figures.drawing.curves import Curves, level_keys
from analysis.figures.drawing.layout import sheet
from analysis.figures.drawing.scales import epoch_axis
from analysis.figures.model import FigureData, NothingToDraw
from analysis.figures.rows import captions
from analysis.figures.rows.layer_rows import between
from analysis.figures.rows.slices import choose
from analysis.quantities import BALANCED_BITS, PAPER_BITS, present, with_any

CURVES = Curves(("architecture", "earlier"), "epoch")
NEEDS = "needs MI of neighboring layers (measure.pairs: [successive] or [all])"
Y_LABELS = {PAPER_BITS: "MI as NPEET (bits)", BALANCED_BITS: "MI, balanced (bits)"}


def table(epochs: pd.DataFrame, points: pd.DataFrame) -> FigureData:
    """One row per run, epoch and pair of neighbors, then medians and quartiles; `earlier` is the first of the two."""
    rows = between(epochs, points)
    rows = rows[rows["later"] == rows["earlier"] + 1]
    bits = present(rows)
    rows = with_any(rows, bits)
    if rows.empty:
        raise NothingToDraw(NEEDS)
    shown = choose(points, set(rows["point_id"]), ["architecture"], style.in_order(points["architecture"]))
    drawn = shown.select(rows)
    return FigureData(
        table=CURVES.table(drawn, bits, also=["pair"]),
        title="Mutual information of successive layers through training",
        caption=f"{captions.describe(shown)}; {captions.seeds(drawn, ['architecture'])} per network. "
        f"MI: each hidden layer and the next, {captions.estimator(shown)}.",
        colour_by="earlier",
        warnings=captions.warnings(shown, points, drawn),
    )


def draw(data: FigureData) -> Canvas:
    """A row of panels per mutual information, a column per architecture, colours by the pair."""
    rows = data.table
    bits, networks = present(rows), style.in_order(rows["architecture"])
    palette = style.ordered_colours(rows["earlier"].unique().tolist())
    with rc_context(style.RC):
        canvas, axes = sheet(data, len(bits), len(networks), 2.0, _legends(data, palette), row_gap=0.14)
        for i, quantity in enumerate(bits):
            for j, network in enumerate(networks):
                CURVES.draw(axes[i, j], rows[rows["architecture"] == network], quantity, "earlier", palette)
            axes[i, 0].set_ylabel(Y_LABELS[quantity])
        for j, network in enumerate(networks):
            axes[0, j].set_title(style.long_label(network), loc="left")
            epoch_axis(axes[-1, j], rows["epoch"].tolist())
        canvas.align_ylabels(axes[:, 0])
    return canvas


def _legends(data: FigureData, palette: dict[int, str]) -> list[tuple[str, list[Artist]]]:
    pairs = level_keys("earlier", palette, lambda earlier: f"{earlier} and {earlier + 1}")
    return [("Hidden layers", pairs), ("Lines", CURVES.keys(data.table))]
