"""The information plane: MI of each layer with the input against its MI with the label, through training."""

import math
from typing import Any

import pandas as pd
from matplotlib import rc_context
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Canvas
from matplotlib.lines import Line2D

from analysis.figures.drawing import marks, style
from analysis.figures.drawing.curves import level_keys
from analysis.figures.drawing.layout import sheet
from analysis.figures.model import FigureData, NothingToDraw
from analysis.figures.rows import captions
from analysis.figures.rows.layer_rows import with_input, with_label
from analysis.figures.rows.slices import choose
from analysis.quantities import BALANCED_BITS, PAPER_BITS

NEEDS = "information_plane needs MI of the layers with both input and label (measure.pairs: [input-each, each-label])"
INPUT, LABEL = "input_information_balanced_bits", "label_information_bits"
TRACE = ["point_id", "layer"]
IDENTITY = ["dataset", "architecture", "width", "depth", "seed", "state", "point_id", "layer", "epoch"]
CLASSES = 10
RUNS_WITH_ARROWS = 1


def table(epochs: pd.DataFrame, points: pd.DataFrame) -> FigureData:
    """One row per run, layer and epoch: I(input; layer), balanced, and I(layer; label), both in bits."""
    rows = _rows(epochs, points)
    if rows.empty:
        raise NothingToDraw(NEEDS)
    shown = choose(points, set(rows["point_id"]), ["architecture"], style.in_order(points["architecture"]))
    drawn = shown.select(rows).reset_index(drop=True)
    sentences = [
        f"{captions.describe(shown)}; {captions.seeds(drawn, ['architecture'])} per network, one trace per seed and "
        "layer",
        f"I(input;\u00a0layer): balanced scale, {captions.estimator(shown)}; I(layer;\u00a0label): Ross 2014",
    ]
    if not shown.fixed.get("channel_noise"):
        sentences.append(
            "Without channel noise the true I(input;\u00a0layer) does not depend on the layer as long as none merges "
            "two images: what moves is the geometry that the estimator sees"
        )
    return FigureData(
        table=drawn,
        title="Information plane: every layer through training",
        caption=". ".join(sentences) + ".",
        colour_by="layer",
        warnings=captions.warnings(shown, points, drawn),
    )


def _rows(epochs: pd.DataFrame, points: pd.DataFrame) -> pd.DataFrame:
    if not {PAPER_BITS, BALANCED_BITS} <= set(epochs):
        raise NothingToDraw(NEEDS)
    images = with_input(epochs, points).rename(columns={BALANCED_BITS: INPUT})
    labels = with_label(epochs, points).rename(columns={PAPER_BITS: LABEL})
    both = images[[*IDENTITY, INPUT]].merge(labels[[*TRACE, "epoch", LABEL]], on=[*TRACE, "epoch"])
    return both.dropna(subset=[INPUT, LABEL]).sort_values(IDENTITY[1:], kind="stable").reset_index(drop=True)


def draw(data: FigureData) -> Canvas:
    """A panel per architecture, a colour and mark per layer, one trace per seed and layer."""
    rows = data.table
    networks = style.in_order(rows["architecture"])
    palette = style.ordered_colours(rows["layer"].unique().tolist())
    with rc_context(style.RC):
        canvas, axes = sheet(data, 1, len(networks), 2.8, _legends(data, palette))
        for axis, network in zip(axes[0], networks, strict=True):
            axis.set_title(style.long_label(network), loc="left")
            axis.set_xlabel("I(input; layer) (bits)" if len(networks) > 2 else "I(input; layer), balanced (bits)")
            axis.set_xlim(*_limits(rows[INPUT]))
            axis.axhline(math.log2(CLASSES), color="#888888", lw=0.8, ls=":", zorder=1)
        axes[0, 0].set_ylabel("I(layer; label) (bits)")
        axes[0, 0].set_ylim(_limits(rows[LABEL])[0], max(_limits(rows[LABEL])[1], math.log2(CLASSES) * 1.03))
        for axis, network in zip(axes[0], networks, strict=True):
            _panel(axis, rows[rows["architecture"] == network], palette)
    return canvas


def _panel(axis: Axes, rows: pd.DataFrame, palette: dict[Any, str]) -> None:
    order = rows.assign(unfinished=rows["state"] != "finished").sort_values(["unfinished", "seed", "point_id"])
    with_arrows = set(order["point_id"].drop_duplicates().head(RUNS_WITH_ARROWS))
    shapes = style.markers("layer", palette)
    for (point_id, layer), trace in rows.groupby(TRACE, sort=True):
        colour = palette[layer]
        axis.plot(trace[INPUT], trace[LABEL], color=colour, lw=0.8, alpha=0.7, marker=".", ms=2.2, mew=0, zorder=2)
        marks.ends(axis, trace, INPUT, colour, shapes[layer], LABEL)
        if point_id in with_arrows:
            marks.arrows(axis, trace[INPUT].to_numpy(float), trace[LABEL].to_numpy(float), colour)


def _limits(values: pd.Series) -> tuple[float, float]:
    low, high = float(values.min()), float(values.max())
    margin = 0.06 * (high - low or 1.0)
    return low - margin, high + margin


def _legends(data: FigureData, palette: dict[int, str]) -> list[tuple[str, list[Artist]]]:
    layers = level_keys("layer", palette)
    bound = Line2D([], [], color="#888888", lw=0.8, ls=":", label=f"{CLASSES} classes: {math.log2(CLASSES):.2f} bits")
    ends = marks.end_keys(data.table)
    return [(style.VARIABLE_LABELS["layer"], layers), ("One trace, start to end", ends), ("Bound", [bound])]
