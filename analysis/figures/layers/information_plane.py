"""The information plane: MI of each layer with the input against its MI with the label, through training."""

import math
from dataclasses import dataclass
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
from analysis.figures.rows.slices import Slice, choose
from analysis.quantities import BALANCED_BITS, CHANNEL_BITS, PAPER_BITS

TRACE = ["point_id", "layer"]
IDENTITY = ["dataset", "architecture", "width", "depth", "seed", "state", "point_id", "layer", "epoch"]
CLASSES = 10
RUNS_WITH_ARROWS = 1


@dataclass(frozen=True)
class Plane:
    """An information plane of one way to measure.

    title: its heading. column: of the epochs, MI with the input; of_label: MI with the label. input, label: what these
    are called in its table. axis: the label of the input's axis where there is room. needs: what it asks for, the
    message of NothingToDraw.
    """

    title: str
    column: str
    of_label: str
    input: str
    label: str
    axis: str
    needs: str

    def table(self, epochs: pd.DataFrame, points: pd.DataFrame) -> FigureData:
        """One row per run, layer and epoch: I(input; layer) and I(layer; label), both in bits."""
        return _numbers(self, epochs, points)

    def draw(self, data: FigureData) -> Canvas:
        """A panel per architecture, a colour and mark per layer, one trace per seed and layer."""
        return _draw(self, data)


FIGURES = {
    "information_plane": Plane(
        title="Information plane: every layer through training",
        column=BALANCED_BITS,
        of_label=PAPER_BITS,
        input="input_information_balanced_bits",
        label="label_information_bits",
        axis="I(input; layer), balanced (bits)",
        needs="needs MI of the layers with both input and label (measure.pairs: [input-each, each-label])",
    ),
    "information_plane_channel": Plane(
        title="Information plane of layers with noise: exact, every layer through training",
        column=CHANNEL_BITS,
        of_label=CHANNEL_BITS,
        input="input_information_channel_bits",
        label="label_information_channel_bits",
        axis="I(input; layer + noise) (bits)",
        needs="needs the measure channel, with its noise at the probe, of pairs with both "
        "input and label (measure.measures: [channel], measure.pairs: [input-each, each-label])",
    ),
}


def _numbers(plane: Plane, epochs: pd.DataFrame, points: pd.DataFrame) -> FigureData:
    rows = _rows(plane, epochs, points)
    if rows.empty:
        raise NothingToDraw(plane.needs)
    shown = choose(points, set(rows["point_id"]), ["architecture"], style.in_order(points["architecture"]))
    drawn = shown.select(rows).reset_index(drop=True)
    what = f"{captions.describe(shown)}; {captions.seeds(drawn, ['architecture'])} per network, one trace per seed and "
    sentences = [f"{what}layer", *(_of_channel(drawn, points) if plane.column == CHANNEL_BITS else _of_ksg(shown))]
    return FigureData(
        table=drawn,
        title=plane.title,
        caption=". ".join(sentences) + ".",
        colour_by="layer",
        warnings=captions.warnings(shown, points, drawn),
    )


def _of_ksg(shown: Slice) -> list[str]:
    said = [f"I(input;\u00a0layer): balanced scale, {captions.estimator(shown)}; I(layer;\u00a0label): Ross 2014"]
    if not shown.fixed.get("channel_noise"):
        said.append(
            "Without channel noise the true I(input;\u00a0layer) does not depend on the layer as long as none merges "
            "two images: what moves is the geometry that the estimator sees"
        )
    return said


def _of_channel(drawn: pd.DataFrame, points: pd.DataFrame) -> list[str]:
    noises = sorted(points.loc[points["point_id"].isin(drawn["point_id"]), "measure_noise"].unique())
    amount = " or ".join(f"{noise:g}" for noise in noises)
    return [
        f"MI of layers with Gaussian noise of deviation {amount} on every unit, whose densities are known: exact up to "
        "sampling, of the images measured; a layer scaled up tells more"
    ]


def _rows(plane: Plane, epochs: pd.DataFrame, points: pd.DataFrame) -> pd.DataFrame:
    if not {plane.column, plane.of_label} <= set(epochs):
        raise NothingToDraw(plane.needs)
    images = with_input(epochs, points).rename(columns={plane.column: plane.input})
    labels = with_label(epochs, points).rename(columns={plane.of_label: plane.label})
    both = images[[*IDENTITY, plane.input]].merge(labels[[*TRACE, "epoch", plane.label]], on=[*TRACE, "epoch"])
    both = both.dropna(subset=[plane.input, plane.label])
    return both.sort_values(IDENTITY[1:], kind="stable").reset_index(drop=True)


def _draw(plane: Plane, data: FigureData) -> Canvas:
    rows = data.table
    networks = style.in_order(rows["architecture"])
    palette = style.ordered_colours(rows["layer"].unique().tolist())
    with rc_context(style.RC):
        canvas, axes = sheet(data, 1, len(networks), 2.8, _legends(data, palette))
        for axis, network in zip(axes[0], networks, strict=True):
            axis.set_title(style.long_label(network), loc="left")
            axis.set_xlabel(plane.axis if len(networks) <= 2 else "I(input; layer) (bits)")
            axis.set_xlim(*_limits(rows[plane.input]))
            axis.axhline(math.log2(CLASSES), color="#888888", lw=0.8, ls=":", zorder=1)
        axes[0, 0].set_ylabel("I(layer; label) (bits)")
        axes[0, 0].set_ylim(
            _limits(rows[plane.label])[0], max(_limits(rows[plane.label])[1], math.log2(CLASSES) * 1.03)
        )
        for axis, network in zip(axes[0], networks, strict=True):
            _panel(plane, axis, rows[rows["architecture"] == network], palette)
    return canvas


def _panel(plane: Plane, axis: Axes, rows: pd.DataFrame, palette: dict[Any, str]) -> None:
    order = rows.assign(unfinished=rows["state"] != "finished").sort_values(["unfinished", "seed", "point_id"])
    with_arrows = set(order["point_id"].drop_duplicates().head(RUNS_WITH_ARROWS))
    shapes = style.markers("layer", palette)
    for (point_id, layer), trace in rows.groupby(TRACE, sort=True):
        colour = palette[layer]
        axis.plot(
            trace[plane.input], trace[plane.label], color=colour, lw=0.8, alpha=0.7, marker=".", ms=2.2, mew=0, zorder=2
        )
        marks.ends(axis, trace, plane.input, colour, shapes[layer], plane.label)
        if point_id in with_arrows:
            marks.arrows(axis, trace[plane.input].to_numpy(float), trace[plane.label].to_numpy(float), colour)


def _limits(values: pd.Series) -> tuple[float, float]:
    low, high = float(values.min()), float(values.max())
    margin = 0.06 * (high - low or 1.0)
    return low - margin, high + margin


def _legends(data: FigureData, palette: dict[int, str]) -> list[tuple[str, list[Artist]]]:
    layers = level_keys("layer", palette)
    bound = Line2D([], [], color="#888888", lw=0.8, ls=":", label=f"{CLASSES} classes: {math.log2(CLASSES):.2f} bits")
    ends = marks.end_keys(data.table)
    return [(style.VARIABLE_LABELS["layer"], layers), ("One trace, start to end", ends), ("Bound", [bound])]
