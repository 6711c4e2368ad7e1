"""Final test error and mutual information over depth and width, with the number of runs behind each cell."""

import pandas as pd
from matplotlib import rc_context
from matplotlib.artist import Artist
from matplotlib.colors import Normalize
from matplotlib.figure import Figure as Canvas

from analysis.figures.drawing import cells, style
from analysis.figures.drawing.layout import sheet
from analysis.figures.model import FigureData, NothingToDraw
from analysis.figures.rows import captions
from analysis.figures.rows.error_rows import final_rows
from analysis.figures.rows.slices import choose
from analysis.quantities import BALANCED_BITS, PAPER_BITS, TEST_ERROR, present

CELL = ["architecture", "width", "depth"]
LEGENDS = {
    TEST_ERROR: "Final test error",
    PAPER_BITS: "Final MI as NPEET (bits)",
    BALANCED_BITS: "Final MI, balanced (bits)",
}
ROW_LABELS = {TEST_ERROR: "Error", PAPER_BITS: "MI as NPEET (bits)", BALANCED_BITS: "MI, balanced (bits)"}
PATTERNS = {TEST_ERROR: "{:.3f}", PAPER_BITS: "{:.2f}", BALANCED_BITS: "{:.2f}"}
FEWEST_CELLS = 2


def table(epochs: pd.DataFrame, points: pd.DataFrame) -> FigureData:
    """One row per architecture, width and depth: medians over the finished runs at their last epoch; `runs` of them."""
    rows = final_rows(epochs, points)
    if rows.empty:
        raise NothingToDraw("needs finished, trained points of two or more widths or depths")
    shown = choose(points, set(rows["point_id"]), CELL, style.in_order(points["architecture"]))
    drawn = shown.select(rows)
    if len(drawn[["width", "depth"]].drop_duplicates()) < FEWEST_CELLS:
        raise NothingToDraw("needs finished, trained points of two or more widths or depths, all else equal")
    quantities = [TEST_ERROR, *present(drawn)]
    groups = drawn.groupby(CELL)
    measured = drawn[drawn["pair"].notna()]
    sentences = [
        f"{captions.describe(shown)}; medians over the finished seeds, n of them, after the last epoch; white: none",
        *([captions.measurement(shown, measured)] if len(measured) else []),
        *(note.rstrip(".") for note in captions.series_note(drawn)),
    ]
    return FigureData(
        table=groups[quantities].median().assign(runs=groups["point_id"].nunique()).reset_index(),
        title="Final test error and mutual information over depth and width",
        caption=". ".join(sentences) + ".",
        colour_by="architecture",
        warnings=captions.warnings(shown, points, drawn),
    )


def draw(data: FigureData) -> Canvas:
    """A row of maps per quantity, a column per architecture; in each cell the value and n, else a legend of colours."""
    rows = data.table
    quantities, networks = [TEST_ERROR, *present(rows)], style.in_order(rows["architecture"])
    widths, depths = (sorted(rows[name].unique().tolist()) for name in ("width", "depth"))
    scales = {quantity: cells.norm(rows[quantity].tolist(), is_share=quantity == TEST_ERROR) for quantity in quantities}
    height = max(1.0, 0.5 + 0.28 * len(depths))
    with rc_context(style.RC):
        legends = [] if cells.are_written(widths) else _legends(scales)
        canvas, axes = sheet(data, len(quantities), len(networks), height, legends, row_gap=0.2)
        for i, quantity in enumerate(quantities):
            for j, network in enumerate(networks):
                chosen = rows[(rows["architecture"] == network)].dropna(subset=[quantity])
                values = {
                    (row["width"], row["depth"]): (
                        row[quantity],
                        f"{PATTERNS[quantity].format(row[quantity])}\nn = {row['runs']}",
                    )
                    for row in chosen.to_dict("records")
                }
                cells.draw(axes[i, j], widths, depths, values, scales[quantity])
            axes[i, 0].set_ylabel(f"{ROW_LABELS[quantity]}\nHidden layers D")
        for j, network in enumerate(networks):
            axes[0, j].set_title(style.long_label(network), loc="left")
            axes[-1, j].set_xlabel(style.VARIABLE_LABELS["width"])
    return canvas


def _legends(scales: dict[str, Normalize]) -> list[tuple[str, list[Artist]]]:
    return [(LEGENDS[quantity], cells.keys(scale, PATTERNS[quantity])) for quantity, scale in scales.items()]
