"""Mutual information of the input and the last hidden layer, untrained, against the gain of the initial weights."""

import pandas as pd
from matplotlib import rc_context
from matplotlib.artist import Artist
from matplotlib.figure import Figure as Canvas
from matplotlib.lines import Line2D

from analysis.figures.drawing import style
from analysis.figures.drawing.curves import GREY, Curves, level_keys
from analysis.figures.drawing.layout import sheet
from analysis.figures.drawing.style import number
from analysis.figures.isometry import shared
from analysis.figures.model import FigureData, NothingToDraw
from analysis.figures.rows import captions
from analysis.figures.rows.layer_rows import with_input
from analysis.quantities import BALANCED_BITS, JACOBIAN_MEAN

CURVES = Curves(("initializer", "width", "depth"), "gain", each_point=True)
NEEDS = "needs MI of the input and the last hidden layer at two or more gains (preset isometry)"
CEILING = "mi_ceiling_bits"


def table(epochs: pd.DataFrame, points: pd.DataFrame) -> FigureData:
    """One row per run, then medians and quartiles per initializer, width, depth and gain; MI in bits, balanced.

    `is_isometry` marks, on the medians, the gain whose Jacobian has a mean squared singular value nearest 1.
    """
    rows = last_layer_rows(epochs, points)
    shown = shared.gain_slice(points, set(rows["point_id"]), CURVES.series, NEEDS)
    drawn = shown.select(rows)
    quantities = [BALANCED_BITS, *([JACOBIAN_MEAN] if JACOBIAN_MEAN in drawn else [])]
    curves = shared.with_isometries(CURVES.table(drawn, quantities, also=["pair"]), CURVES.series)
    ceiling = shown.points[CEILING].max() if CEILING in shown.points else None
    return FigureData(
        table=curves.assign(**{CEILING: ceiling}).pipe(shared.with_critical, shown),
        title=f"{shared.PAPER}: MI of the input and the last layer at initialization",
        caption=". ".join(
            [
                shared.describe(shown, drawn, [*CURVES.series, "gain"], "network and gain"),
                f"MI: image and last hidden layer, balanced scale, {captions.estimator(shown)}",
                shared.RINGS,
                *(note.rstrip(".") for note in captions.series_note(drawn)),
            ]
        )
        + ".",
        colour_by="depth",
        warnings=captions.warnings(shown, points, drawn),
    )


def last_layer_rows(epochs: pd.DataFrame, points: pd.DataFrame) -> pd.DataFrame:
    """Of every point at epoch 0 the row of the input and the last hidden layer, where its MI was measured."""
    if "gain" not in points:
        raise NothingToDraw(NEEDS)
    fields = [name for name in ("gain", JACOBIAN_MEAN) if name in points]
    rows = with_input(epochs[epochs["epoch"] == 0], points, fields)
    return rows[(rows["layer"] == rows["depth"]) & rows[BALANCED_BITS].notna()].reset_index(drop=True)


def draw(data: FigureData) -> Canvas:
    """A row of panels per width, a column per initializer, colours by depth."""
    rows = data.table
    palette = style.ordered_colours(rows["depth"].unique().tolist())
    widths, initializers = sorted(rows["width"].unique().tolist()), shared.initializers(rows)
    with rc_context(style.RC):
        height = 2.4 if len(widths) == 1 else 1.8
        canvas, axes = sheet(data, len(widths), len(initializers), height, _legends(data, palette), row_gap=0.3)
        for i, width in enumerate(widths):
            for j, initializer in enumerate(initializers):
                axis = axes[i, j]
                chosen = rows[(rows["width"] == width) & (rows["initializer"] == initializer)]
                CURVES.draw(axis, chosen, BALANCED_BITS, "depth", palette)
                shared.rings(axis, chosen, BALANCED_BITS)
                shared.gain_axis(axis, rows)
                label = shared.initializer_label(initializer)
                axis.set_title(f"{label}, W = {number(width)}", loc="left")
            axes[i, 0].set_ylim(bottom=min(0.0, float(rows[BALANCED_BITS].min())))
            axes[i, 0].set_ylabel("MI, balanced (bits)")
        for axis in axes[-1]:
            axis.set_xlabel(shared.GAIN_LABEL)
    return canvas


def _legends(data: FigureData, palette: dict[int, str]) -> list[tuple[str, list[Artist]]]:
    depths = level_keys("depth", palette)
    marks = shared.keys(data.table)
    ceiling = data.table[CEILING].max()
    if ceiling == ceiling and ceiling is not None:
        marks.append(Line2D([], [], color=GREY, lw=0, label=f"ceiling of the estimator: {ceiling:.2f} bits"))
    return [(style.VARIABLE_LABELS["depth"], depths), ("Lines", CURVES.keys(data.table)), ("Marks", marks)]
