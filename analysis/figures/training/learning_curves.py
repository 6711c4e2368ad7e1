"""Learning curves: test error and mutual information by epoch, the median over seeds with the runs behind it."""

from typing import Any

import pandas as pd
from matplotlib import rc_context
from matplotlib.artist import Artist
from matplotlib.figure import Figure as Canvas
from matplotlib.lines import Line2D

from analysis.figures.drawing import style
from analysis.figures.drawing.curves import SEEDS_FOR_A_BAND, Curves, level_keys
from analysis.figures.drawing.layout import sheet
from analysis.figures.drawing.scales import error_axis
from analysis.figures.drawing.style import number
from analysis.figures.model import FigureData, NothingToDraw
from analysis.figures.rows import captions
from analysis.figures.rows.error_rows import error_rows
from analysis.figures.rows.slices import Slice, choose
from analysis.quantities import BALANCED_BITS, PAPER_BITS, TEST_ERROR, present

NETWORK = ["architecture", "width", "depth"]
SERIES = [*NETWORK, "frozen"]
Y_LABELS = {TEST_ERROR: "Test error", PAPER_BITS: "MI as NPEET (bits)", BALANCED_BITS: "MI, balanced (bits)"}
CURVES = Curves(tuple(SERIES), "epoch")


def table(epochs: pd.DataFrame, points: pd.DataFrame) -> FigureData:
    """One row per series, epoch and `statistic`: run (one per seed), median, quartile_1, quartile_3.

    The statistics are over the finished runs of a series, at the epochs that all of them recorded; `runs` counts them,
    and `seed`, `point_id`, `state` and `pair` are empty there.
    """
    rows = error_rows(epochs, points)
    if rows.empty or not rows["epoch"].max():
        raise NothingToDraw("needs at least one trained point with a recorded test error")
    shown, variable = _slice(points, set(rows["point_id"]))
    with_controls = shown.select_with_controls(rows)
    drawn = with_controls[~with_controls["frozen"]]
    quantities = [TEST_ERROR, *present(drawn)]
    return FigureData(
        table=CURVES.table(with_controls, quantities, also=["pair"]),
        title="Test error and mutual information by epoch",
        caption=". ".join(_sentences(shown, drawn, len(with_controls) > len(drawn))) + ".",
        colour_by=variable,
        warnings=captions.warnings(shown, points, drawn),
    )


def draw(data: FigureData) -> Canvas:
    """A row of panels per quantity, a column per architecture, or one column if colours show the architecture."""
    rows = data.table
    quantities = [TEST_ERROR, *present(rows)]
    networks = style.in_order(rows["architecture"])
    columns = [networks] if data.colour_by == "architecture" else [[name] for name in networks]
    values = networks if data.colour_by == "architecture" else sorted(rows[data.colour_by].unique().tolist())
    palette = style.colours(data.colour_by, values)
    with rc_context(style.RC):
        canvas, axes = sheet(
            data, len(quantities), len(columns), 1.6, _legends(data, palette), row_gap=0.14, one_x=True
        )
        for i, quantity in enumerate(quantities):
            for j, architectures in enumerate(columns):
                chosen = rows[rows["architecture"].isin(architectures)]
                for is_frozen, colours in ((True, dict.fromkeys(palette, style.CONTROL_COLOUR)), (False, palette)):
                    part = chosen[chosen["frozen"] == is_frozen]
                    CURVES.draw(axes[i, j], part, quantity, data.colour_by, colours)
            axes[i, 0].set_ylabel(Y_LABELS[quantity])
        error_axis(axes[0, 0], rows[TEST_ERROR])
        for j, architectures in enumerate(columns):
            if len(columns) > 1:
                axes[0, j].set_title(style.long_label(architectures[0]), loc="left")
            axes[-1, j].set_xlabel("Epoch")
            axes[-1, j].xaxis.get_major_locator().set_params(integer=True, min_n_ticks=1)
        canvas.align_ylabels(axes[:, 0])
    return canvas


def _slice(points: pd.DataFrame, measured: set[str]) -> tuple[Slice, str]:
    """The slice by width or by depth, whichever shows more networks, and the column that the colours show."""
    shown: dict[str, Slice] = {
        name: choose(points, measured, ["architecture", name], style.in_order(points["architecture"]))
        for name in ("width", "depth")
    }
    counts = {name: _measured(part, measured)[name].nunique() for name, part in shown.items()}
    best = max(counts, key=lambda name: counts[name])
    several = _measured(shown[best], measured)["architecture"].nunique() > 1
    return shown[best], "architecture" if counts[best] == 1 and several else best


def _measured(part: Slice, measured: set[str]) -> pd.DataFrame:
    return part.points[part.points["point_id"].isin(measured)]


def _sentences(shown: Slice, drawn: pd.DataFrame, has_controls: bool) -> list[str]:
    measured = drawn[drawn["pair"].notna()]
    finished = drawn[drawn["state"] == "finished"].groupby(NETWORK)["point_id"].nunique()
    over = "medians and quartiles" if (finished >= SEEDS_FOR_A_BAND).any() else "medians"
    seeds = f"{captions.seeds(drawn, NETWORK)} per network" + (
        f", {over} over the finished ones" if len(finished) else ""
    )
    return [
        f"{captions.describe(shown)}; {seeds}",
        *([captions.measurement(shown, measured)] if len(measured) else []),
        *([captions.CONTROL] if has_controls else []),
        *(note.rstrip(".") for note in captions.series_note(drawn)),
    ]


def _legends(data: FigureData, palette: dict[Any, str]) -> list[tuple[str, list[Artist]]]:
    names = style.LONG_LABELS if data.colour_by == "architecture" else {}
    levels = level_keys(data.colour_by, palette, lambda level: names.get(level) or number(level))
    control = Line2D([], [], color=style.CONTROL_COLOUR, lw=1.5, label=style.CONTROL_LABEL)
    lines = [*CURVES.keys(data.table), *([control] if data.table["frozen"].any() else [])]
    return [(style.VARIABLE_LABELS[data.colour_by], levels), ("Lines", lines)]
