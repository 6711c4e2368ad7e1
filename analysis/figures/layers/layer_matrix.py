"""Mutual information of every two hidden layers, before and after training, as a matrix."""

import pandas as pd
from matplotlib import rc_context
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.colors import Normalize
from matplotlib.figure import Figure as Canvas

from analysis.figures.drawing import cells, style
from analysis.figures.drawing.layout import sheet
from analysis.figures.model import FigureData, NothingToDraw
from analysis.figures.rows import captions
from analysis.figures.rows.layer_rows import between
from analysis.figures.rows.slices import choose
from analysis.quantities import BALANCED_BITS, PAPER_BITS, present, with_any

NEEDS = "needs MI of all pairs of layers (measure.pairs: [all])"
FEWEST_LAYERS = 3
CELL = ["architecture", "earlier", "later", "stage"]
LEGENDS = {PAPER_BITS: "MI as NPEET (bits)", BALANCED_BITS: "MI, balanced (bits)"}


def table(epochs: pd.DataFrame, points: pd.DataFrame) -> FigureData:
    """One row per architecture, pair of layers and stage (untrained, trained): median MI over the `runs` with a value.

    Untrained: epoch 0 of every point. Trained: the last epoch of the finished ones.
    """
    rows = between(epochs, points)
    bits = present(rows)
    rows = with_any(rows, bits)
    layers = rows.groupby("point_id")["later"].agg("nunique")
    whole = rows.groupby("point_id")["pair"].nunique() == layers * (layers + 1) // 2
    rows = rows[rows["point_id"].isin(whole.index[whole & (layers + 1 >= FEWEST_LAYERS)])]
    if rows.empty:
        raise NothingToDraw(NEEDS)
    shown = choose(points, set(rows["point_id"]), ["architecture"], style.in_order(points["architecture"]))
    drawn = shown.select(rows)
    return FigureData(
        table=pd.concat([_medians(stage, name, bits) for name, stage in _stages(drawn).items()], ignore_index=True),
        title="Mutual information of every two hidden layers",
        caption=f"{captions.describe(shown)}; medians over {captions.seeds(drawn, ['architecture'])} per network. "
        f"Above the diagonal: untrained. Below: after the last epoch. MI: {captions.estimator(shown)}.",
        colour_by="architecture",
        warnings=captions.warnings(shown, points, drawn),
    )


def _stages(rows: pd.DataFrame) -> dict[str, pd.DataFrame]:
    ended = rows[(rows["state"] == "finished") & (rows["epoch"] > 0)]
    last = ended["epoch"] == ended.groupby("point_id")["epoch"].transform("max")
    return {"untrained": rows[rows["epoch"] == 0], "trained": ended[last]}


def _medians(rows: pd.DataFrame, stage: str, bits: list[str]) -> pd.DataFrame:
    groups = rows.assign(stage=stage).groupby(CELL)
    return groups[bits].median().assign(runs=groups["point_id"].nunique()).reset_index()


def draw(data: FigureData) -> Canvas:
    """A row of matrices per mutual information, a column per architecture."""
    rows = data.table
    bits, networks = present(rows), style.in_order(rows["architecture"])
    scales = {quantity: cells.norm(rows[quantity].tolist()) for quantity in bits}
    with rc_context(style.RC):
        canvas, axes = sheet(data, len(bits), len(networks), 1.75, _legends(scales), row_gap=0.2)
        for i, quantity in enumerate(bits):
            for j, network in enumerate(networks):
                _matrix(axes[i, j], rows[rows["architecture"] == network], quantity, scales[quantity])
            axes[i, 0].set_ylabel(f"Hidden layer\n{LEGENDS[quantity].removesuffix(' (bits)')}")
        for j, network in enumerate(networks):
            axes[0, j].set_title(style.long_label(network), loc="left")
            axes[-1, j].set_xlabel("Hidden layer")
    return canvas


def _matrix(axis: Axes, rows: pd.DataFrame, quantity: str, scale: Normalize) -> None:
    layers = list(range(1, int(rows["later"].max()) + 1))
    values = {}
    for row in rows.dropna(subset=[quantity]).to_dict("records"):
        is_above = row["stage"] == "untrained"
        place = (row["later"], row["earlier"]) if is_above else (row["earlier"], row["later"])
        values[place] = (row[quantity], f"{row[quantity]:.1f}")
    cells.draw(axis, layers, layers, values, scale)


def _legends(scales: dict[str, Normalize]) -> list[tuple[str, list[Artist]]]:
    return [(LEGENDS[quantity], cells.keys(scale, "{:.2f}")) for quantity, scale in scales.items()]
