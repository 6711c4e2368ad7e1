"""The effective reduction of the state space, 2^(n MI), through training (Hodas & Stinis 2018, section 4)."""

from typing import Any

import pandas as pd
from matplotlib import rc_context
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Canvas
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter

from analysis.figures.drawing import style
from analysis.figures.drawing.curves import GREY, Curves, level_keys
from analysis.figures.drawing.layout import sheet
from analysis.figures.drawing.scales import epoch_axis
from analysis.figures.model import FigureData, NothingToDraw
from analysis.figures.rows import captions
from analysis.figures.rows.error_rows import error_rows
from analysis.figures.rows.slices import choose
from analysis.quantities import BALANCED_BITS, PAPER_BITS, with_any

CURVES = Curves(("architecture", "depth"), "epoch")
NEEDS = "needs MI of the first and the last layer (measure.pairs: [first-merged])"
REDUCTIONS = {PAPER_BITS: "reduction_bits", BALANCED_BITS: "reduction_balanced_bits"}
Y_LABELS = {"reduction_bits": "Reduction, MI as NPEET", "reduction_balanced_bits": "Reduction, MI balanced"}
CEILING = "ceiling_bits"


def table(epochs: pd.DataFrame, points: pd.DataFrame) -> FigureData:
    """n MI, the binary logarithm of the reduction, per run and epoch, then medians and quartiles; n is the depth.

    The paper: high MI of first and last layer reduces the state space of training by a factor of the order of 2^(n MI),
    n the number of layers. `ceiling_bits` is n times the most that the estimator can give.
    """
    rows = error_rows(epochs, points)
    measured = {bits: name for bits, name in REDUCTIONS.items() if bits in rows and rows[bits].notna().any()}
    rows = rows.assign(**{name: rows["depth"] * rows[bits] for bits, name in measured.items()})
    rows = with_any(rows, list(measured.values()))
    if rows.empty:
        raise NothingToDraw(NEEDS)
    shown = choose(points, set(rows["point_id"]), list(CURVES.series), style.in_order(points["architecture"]))
    drawn = shown.select(rows)
    curves = CURVES.table(drawn, list(measured.values()), also=["pair"])
    ceiling = shown.points["mi_ceiling_bits"].max() if "mi_ceiling_bits" in shown.points else None
    if ceiling is not None and ceiling == ceiling:
        curves[CEILING] = curves["depth"] * ceiling
    return FigureData(
        table=curves,
        title="Hodas & Stinis 2018, section 4: effective reduction of the state space, 2^(n MI)",
        caption=f"{captions.describe(shown)}; {captions.seeds(drawn, list(CURVES.series))} per network and depth. "
        f"n: number of hidden layers. {captions.measurement(shown, drawn)}. The paper gives an order of magnitude; "
        "it is an estimate, and n times its error moves the exponent.",
        colour_by="depth",
        warnings=captions.warnings(shown, points, drawn),
    )


def draw(data: FigureData) -> Canvas:
    """A row of panels per mutual information, a column per architecture, colours by depth, dotted the ceiling."""
    rows = data.table
    quantities = [name for name in REDUCTIONS.values() if name in rows]
    networks = style.in_order(rows["architecture"])
    palette = style.ordered_colours(rows["depth"].unique().tolist())
    with rc_context(style.RC):
        canvas, axes = sheet(
            data, len(quantities), len(networks), 2.0, _legends(data, palette), row_gap=0.14, one_x=True
        )
        for i, quantity in enumerate(quantities):
            for j, network in enumerate(networks):
                chosen = rows[rows["architecture"] == network]
                CURVES.draw(axes[i, j], chosen, quantity, "depth", palette)
                _ceilings(axes[i, j], chosen, palette)
            axes[i, 0].set_ylabel(Y_LABELS[quantity])
            axes[i, 0].set_ylim(bottom=min(0.0, float(rows[quantity].min())))
            axes[i, 0].yaxis.set_major_formatter(FuncFormatter(lambda power, _: f"$2^{{{power:g}}}$"))
        for j, network in enumerate(networks):
            axes[0, j].set_title(style.long_label(network), loc="left")
            epoch_axis(axes[-1, j], rows["epoch"].tolist())
        canvas.align_ylabels(axes[:, 0])
    return canvas


def _ceilings(axis: Axes, rows: pd.DataFrame, palette: dict[Any, str]) -> None:
    if CEILING in rows:
        for depth, ceiling in rows.groupby("depth")[CEILING].max().items():
            axis.axhline(ceiling, color=palette[depth], lw=0.9, ls=":", zorder=1.5)


def _legends(data: FigureData, palette: dict[int, str]) -> list[tuple[str, list[Artist]]]:
    depths = level_keys("depth", palette)
    lines = CURVES.keys(data.table)
    if CEILING in data.table:
        lines.append(Line2D([], [], color=GREY, lw=0.9, ls=":", label="ceiling of the estimator, times n"))
    return [("Hidden layers n", depths), ("Lines", lines)]
