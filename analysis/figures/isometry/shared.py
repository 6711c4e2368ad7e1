"""Common parts of the figures of the initialization paper: networks that differ in gain, and marks of isometry."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from matplotlib import colormaps
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.colors import to_hex
from matplotlib.lines import Line2D

from analysis.figures.drawing import style
from analysis.figures.drawing.scales import number_axis
from analysis.figures.model import NothingToDraw
from analysis.figures.rows import captions
from analysis.figures.rows.slices import Slice, choose
from analysis.mean_field import critical_gain
from analysis.quantities import JACOBIAN_MEAN, keeps_norms
from trainables.config import TrialConfig

PAPER = "Weng et al. 2022"
CRITICAL_GAIN = "critical_gain"
"""The column of the gain at which wide networks of the slice pass from order to chaos (Poole et al. 2016)."""
INITIALIZER_LABELS = {
    "gaussian": "Gaussian weights",
    "orthogonal": "Orthogonal weights",
    "glorot_normal": "Glorot's normal weights",
    "he_normal": "He's normal weights",
}
RINGS = (
    "A ring marks where norms are kept in the mean: of the gains run, the one whose input-output Jacobian has a mean "
    "squared singular value nearest 1. Dynamical isometry is nearest there with orthogonal weights: theirs spread least"
)
RING: dict[str, Any] = {"marker": "o", "mfc": "none", "mec": "black", "mew": 0.9, "ms": 6.0, "ls": "none"}
DARKEST, PALEST = 0.95, 0.4
GAIN_LABEL = "Gain of the initial weights"


def gain_slice(points: pd.DataFrame, measured: set[str], own: Sequence[str], needs: str) -> Slice:
    """The slice with the most values of gain and of the figure's `own` columns.

    Raises:
        NothingToDraw: with `needs`, unless it has measured points of two gains.
    """
    if "gain" not in points or not measured:
        raise NothingToDraw(needs)
    architectures = style.in_order(points["architecture"])
    shown = choose(points, measured, ["gain", *own], architectures)
    if shown.points.loc[shown.points["point_id"].isin(measured), "gain"].nunique() < 2:
        raise NothingToDraw(f"{needs}; in this sweep no measured points differ in gain alone")
    return shown


def describe(shown: Slice, drawn: pd.DataFrame, series: Sequence[str], each: str) -> str:
    """The slice at epoch 0 and its seeds as text: `digits, W = 16, untrained; 2 seeds per network and gain`."""
    untrained = replace(shown, fixed=shown.fixed | {"epochs": 0})
    return f"{captions.describe(untrained)}; {captions.seeds(drawn, [*series])} per {each}"


def with_isometries(curves: pd.DataFrame, series: Sequence[str]) -> pd.DataFrame:
    """The table of curves over gains with `is_isometry`, true for medians at isometry; all false without Jacobians."""
    is_median = curves["statistic"] == "median"
    nearest = nearest_to_isometry(curves[is_median], series) if JACOBIAN_MEAN in curves else False
    return curves.assign(is_isometry=is_median & nearest)


def nearest_to_isometry(medians: pd.DataFrame, series: Sequence[str]) -> pd.Series:
    """Whether each row has, in its series, the gain that `keeps_norms`. medians: by series and gain."""
    nearest = pd.Series(False, index=medians.index)
    for _, rows in medians.groupby(list(series)):
        place = keeps_norms(rows[JACOBIAN_MEAN].tolist())
        if place is not None:
            nearest[rows.index[place]] = True
    return nearest


def rings(axis: Axes, rows: pd.DataFrame, quantity: str) -> None:
    """A ring around each median that `with_isometries` has marked."""
    marked = rows[rows["is_isometry"]]
    axis.plot(marked["gain"], marked[quantity], **RING, zorder=6)


def keys(rows: pd.DataFrame) -> list[Artist]:
    """The legend handles of the rings, if there are any, and of the line that `gain_axis` draws."""
    rings = [Line2D([], [], label="norms are kept in the mean", **RING)] if rows["is_isometry"].any() else []
    return [*rings, critical_key()]


def configs(rows: pd.DataFrame) -> list[TrialConfig]:
    """The config of each row of a table of points: its network, which images were measured, and the channel's noise."""
    fields = [name for name in TrialConfig.model_fields if name in rows and name != "measure"]
    measured = [name for name in ("samples", "noise", "noise_at") if f"measure_{name}" in rows]
    return [
        TrialConfig.model_validate(
            {name: row[name] for name in fields} | {"measure": {name: row[f"measure_{name}"] for name in measured}}
        )
        for row in rows.to_dict("records")
    ]


def units(shown: Slice) -> tuple[Any, float]:
    """Activation and deviation of the initial biases of a slice: those of older tables are tanh and 0."""
    return shown.fixed.get("activation") or "tanh", float(shown.fixed.get("bias_std") or 0.0)


def with_critical(rows: pd.DataFrame, shown: Slice) -> pd.DataFrame:
    """The rows with the critical gain of wide plain stacks of these units and biases."""
    return rows.assign(**{CRITICAL_GAIN: round(critical_gain(*units(shown)), 6)})


def gain_colours(gains: Sequence[float], critical: float) -> dict[float, str]:
    """Blue below the critical gain, orange above it, black at it; paler with the distance from it."""
    below = sorted((gain for gain in gains if gain < critical), reverse=True)
    above = sorted(gain for gain in gains if gain > critical)
    colours = dict.fromkeys(gains, "#000000") | _shades(below, "Blues") | _shades(above, "Oranges")
    return dict(sorted(colours.items()))


def _shades(gains: Sequence[float], name: str) -> dict[float, str]:
    steps = np.linspace(DARKEST, PALEST, max(2, len(gains)))
    return {gain: to_hex(colormaps[name](shade)) for gain, shade in zip(gains, steps, strict=False)}


def gain_axis(axis: Axes, rows: pd.DataFrame) -> None:
    """A logarithmic x axis of the gains of the rows, with a line at the critical one."""
    axis.set_xscale("log")
    number_axis(axis.xaxis, float(rows["gain"].min()), float(rows["gain"].max()))
    axis.axvline(rows[CRITICAL_GAIN].iloc[0], color="#888888", lw=0.8, ls=(0, (4, 2)), zorder=1.5)


def critical_key() -> Artist:
    """The legend handle of the line that `gain_axis` draws."""
    return Line2D([], [], color="#888888", lw=0.8, ls=(0, (4, 2)), label="critical gain of wide nets")


def initializer_label(name: str) -> str:
    """The initializer as titles name it; the name itself of one without a label."""
    return INITIALIZER_LABELS.get(name, name)


def initializers(rows: pd.DataFrame) -> list[str]:
    """The initializers of the rows, Gaussian before orthogonal."""
    present = set(rows["initializer"])
    return [name for name in INITIALIZER_LABELS if name in present] + sorted(present.difference(INITIALIZER_LABELS))
