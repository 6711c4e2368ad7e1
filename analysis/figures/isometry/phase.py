"""The gains and initial biases of a sweep, in the phases of wide networks: order, where signals meet, and chaos."""

from typing import Any

import numpy as np
import pandas as pd
from matplotlib import rc_context
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Canvas
from matplotlib.lines import Line2D

from analysis.figures.drawing import style
from analysis.figures.drawing.layout import sheet
from analysis.figures.isometry import shared
from analysis.figures.model import FigureData, NothingToDraw
from analysis.figures.rows import captions
from analysis.mean_field import PLAIN_STACKS, critical_gain
from analysis.quantities import DONE_STATES

NEEDS = "needs untrained or trained networks of two or more gains (preset isometry)"
STEPS = 30
MARGIN = 1.15
LEAST_BIAS = 1.0
"""The axis of biases reaches at least so far: a line of no height is no diagram."""
LINE: dict[str, Any] = {"color": "black", "lw": 1.4}
POINT: dict[str, Any] = {"marker": "o", "ls": "none", "color": "#5B2A86", "ms": 4.5, "mec": "white", "mew": 0.5}


def table(epochs: pd.DataFrame, points: pd.DataFrame) -> FigureData:
    """The critical line of each activation (`kind` line), then the settings of the sweep (`kind` points) with counts.

    slope: chi_1 on the line, 1. points: how many of the sweep have that gain and bias_std; finished: of these.
    """
    if "gain" not in points:
        raise NothingToDraw(NEEDS)
    everything = points.assign(
        **{name: points.get(name, pd.Series(value, points.index)) for name, value in PLAIN.items()}
    )
    has_theory = ~everything["batch_norm"].astype(bool) & everything["architecture"].isin(PLAIN_STACKS)
    measured = set(everything.loc[has_theory & everything["state"].isin(DONE_STATES), "point_id"])
    shown = shared.gain_slice(everything, measured, ["activation", "bias_std", "initializer", "width", "depth"], NEEDS)
    chosen = shown.points
    highest = max(LEAST_BIAS, float(chosen["bias_std"].max()) * MARGIN)
    lines = [_line(activation, highest) for activation in _activations(chosen)]
    settings = chosen.assign(finished=chosen["state"].eq("finished")).groupby(["activation", "bias_std", "gain"])
    counted = settings.agg(points=("point_id", "size"), finished=("finished", "sum")).reset_index()
    return FigureData(
        table=pd.concat([*lines, counted.assign(kind="points")], ignore_index=True),
        title="Phases of wide networks, and the settings of this sweep",
        caption=f"{captions.describe(shown)}. Line: where χ₁ = 1, by mean-field theory of infinitely wide plain stacks "
        "(Poole et al. 2016). Below it, or left of it, near signals come together layer by layer; beyond it they part. "
        "Points: the gains and initial biases of the points of the sweep.",
        colour_by="activation",
        warnings=captions.warnings(shown, points, chosen[chosen["point_id"].isin(measured)]),
    )


PLAIN: dict[str, Any] = {"activation": "tanh", "bias_std": 0.0, "batch_norm": True}
"""What a table without these columns holds."""


def _activations(points: pd.DataFrame) -> list[str]:
    return sorted(points["activation"].unique())


def _line(activation: Any, highest: float) -> pd.DataFrame:
    biases = highest * np.linspace(0, 1, STEPS) ** 2
    gains = [critical_gain(activation, float(bias)) for bias in biases]
    return pd.DataFrame({"kind": "line", "activation": activation, "bias_std": biases, "gain": gains})


def draw(data: FigureData) -> Canvas:
    """A panel per activation."""
    rows = data.table
    activations = sorted(rows["activation"].unique())
    with rc_context(style.RC):
        canvas, axes = sheet(data, 1, len(activations), 2.6, [("Marks", _keys())])
        for axis, activation in zip(axes[0], activations, strict=True):
            own = rows[rows["activation"] == activation]
            line, points = own[own["kind"] == "line"], own[own["kind"] == "points"]
            _phases(axis, line, points)
            axis.plot(points["gain"], points["bias_std"], **POINT, clip_on=False, zorder=4)
            axis.set_title(f"{activation} units", loc="left")
            axis.set_xlabel(shared.GAIN_LABEL)
        axes[0, 0].set_ylabel("Deviation of the initial biases")
    return canvas


def _phases(axis: Axes, line: pd.DataFrame, points: pd.DataFrame) -> None:
    left, right = 0.0, MARGIN * max(points["gain"].max(), line["gain"].max())
    axis.fill_betweenx(line["bias_std"], left, line["gain"], color="#DCE9F5", lw=0, zorder=0)
    axis.fill_betweenx(line["bias_std"], line["gain"], right, color="#FBE6D4", lw=0, zorder=0)
    axis.plot(line["gain"], line["bias_std"], **LINE, zorder=3)
    axis.set_xlim(left, right)
    axis.set_ylim(0, line["bias_std"].max())
    middle = line.iloc[int(0.85 * len(line))]
    for x, word in ((middle["gain"] / 2, "order"), ((middle["gain"] + right) / 2, "chaos")):
        axis.text(x, middle["bias_std"], word, ha="center", va="center", color=style.CAPTION_COLOUR)


def _keys() -> list[Artist]:
    return [
        Line2D([], [], label="critical: χ₁ = 1", **LINE),
        Line2D([], [], label="points of the sweep", **POINT),
    ]
