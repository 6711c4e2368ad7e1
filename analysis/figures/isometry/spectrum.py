"""The singular values of the input-output Jacobian of untrained networks against the gain of the initial weights."""

import pandas as pd
from matplotlib import rc_context
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Canvas
from matplotlib.lines import Line2D
from matplotlib.ticker import LogLocator, NullLocator

from analysis.figures.drawing import style
from analysis.figures.drawing.curves import GREY, Curves, level_keys
from analysis.figures.drawing.layout import sheet
from analysis.figures.isometry import shared
from analysis.figures.model import FigureData, NothingToDraw
from analysis.figures.rows import captions
from analysis.quantities import JACOBIAN_MEAN, JACOBIAN_SPREAD

CURVES = Curves(("initializer", "depth"), "gain", each_point=True)
NEEDS = "needs the Jacobians of networks of two or more gains (preset isometry)"
RELATIVE = "relative_spread"
QUANTITIES = [JACOBIAN_MEAN, JACOBIAN_SPREAD, RELATIVE]
ROWS = {JACOBIAN_MEAN: "Mean of σ²", RELATIVE: "Standard deviation / mean"}
IDENTITY = ["point_id", "architecture", "width", "depth", "seed", "initializer", "gain", "state"]
FAR_BELOW = 1e-12
"""Values this far below 1 are lost signals, whatever their order; the axis ends here."""


def table(epochs: pd.DataFrame, points: pd.DataFrame) -> FigureData:
    """One row per run, then medians and quartiles per initializer, depth and gain, of the untrained network.

    `relative_spread`: standard deviation of the squared singular values in units of their mean; 0 when all are equal.
    """
    if not {"gain", JACOBIAN_MEAN, JACOBIAN_SPREAD} <= set(points):
        raise NothingToDraw(NEEDS)
    rows = points.drop_duplicates("point_id").dropna(subset=[JACOBIAN_MEAN, JACOBIAN_SPREAD])
    rows = rows.assign(**{RELATIVE: rows[JACOBIAN_SPREAD] / rows[JACOBIAN_MEAN].where(rows[JACOBIAN_MEAN] > 0)})
    rows = rows.sort_values(IDENTITY[1:-1])
    shown = shared.gain_slice(points, set(rows["point_id"]), CURVES.series, NEEDS)
    drawn = shown.select(rows)[[*IDENTITY, *QUANTITIES]]
    return FigureData(
        table=CURVES.table(drawn, QUANTITIES).pipe(shared.with_critical, shown),
        title=f"{shared.PAPER}: spectrum of the input-output Jacobian at initialization",
        caption=shared.describe(shown, drawn, [*CURVES.series, "gain"], "network and gain")
        + ". σ: singular values of the Jacobian of the last hidden layer with respect to the image, as many as the "
        "widths allow to differ from zero, at 10 validation images. Dynamical isometry: mean 1, deviation 0.",
        colour_by="depth",
        warnings=captions.warnings(shown, points, drawn),
    )


def draw(data: FigureData) -> Canvas:
    """The mean above, the relative spread below; a column per initializer, colours by depth."""
    rows = data.table
    palette = style.ordered_colours(rows["depth"].unique().tolist())
    initializers = shared.initializers(rows)
    with rc_context(style.RC):
        canvas, axes = sheet(data, len(ROWS), len(initializers), 1.8, _legends(data, palette), row_gap=0.14)
        for i, (quantity, label) in enumerate(ROWS.items()):
            for j, initializer in enumerate(initializers):
                CURVES.draw(axes[i, j], rows[rows["initializer"] == initializer], quantity, "depth", palette)
                shared.gain_axis(axes[i, j], rows)
            axes[i, 0].set_ylabel(label, labelpad=0.5)
        _powers(axes[0, 0], rows[JACOBIAN_MEAN])
        axes[1, 0].set_ylim(bottom=0)
        for j, initializer in enumerate(initializers):
            axes[0, j].axhline(1, color=GREY, lw=0.8, ls=":", zorder=1.5)
            axes[0, j].set_title(shared.initializer_label(initializer), loc="left")
            axes[-1, j].set_xlabel(shared.GAIN_LABEL)
        canvas.align_ylabels(axes[:, 0])
    return canvas


def _powers(axis: Axes, values: pd.Series) -> None:
    """A logarithmic y axis down to `FAR_BELOW` at most."""
    positive = values[values > FAR_BELOW]
    if positive.empty:
        return
    axis.set_yscale("log")
    axis.set_ylim(float(positive.min()) / 2, float(positive.max()) * 2)
    axis.yaxis.set_major_locator(LogLocator(numticks=6))
    axis.yaxis.set_minor_locator(NullLocator())


def _legends(data: FigureData, palette: dict[int, str]) -> list[tuple[str, list[Artist]]]:
    depths = level_keys("depth", palette)
    marks = [Line2D([], [], color=GREY, lw=0.8, ls=":", label="norm-preserving, 1"), shared.critical_key()]
    return [(style.VARIABLE_LABELS["depth"], depths), ("Lines", CURVES.keys(data.table)), ("Marks", marks)]
