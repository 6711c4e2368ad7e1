"""What mean-field theory says of wide networks by gain, and beside it the Jacobians that were measured."""

from typing import Any

import numpy as np
import pandas as pd
from matplotlib import rc_context
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Canvas
from matplotlib.lines import Line2D

from analysis.figures.drawing import style
from analysis.figures.drawing.curves import Curves, level_keys
from analysis.figures.drawing.layout import sheet
from analysis.figures.isometry import shared
from analysis.figures.model import FigureData, NothingToDraw
from analysis.figures.rows import captions
from analysis.mean_field import PLAIN_STACKS, depth_scales, length_fixed_point, linear_power, slope
from analysis.quantities import JACOBIAN_MEAN

CURVES = Curves(("initializer", "depth"), "gain", each_point=True)
NEEDS = "needs the Jacobians of plain stacks of two or more gains (preset isometry)"
MEASURED = "measured_slope"
LENGTH, SLOPE, LENGTH_SCALE, CORRELATION_SCALE = "length", "slope", "length_scale", "correlation_scale"
STEPS = 60
LINE: dict[str, Any] = {"color": "black", "lw": 1.2, "zorder": 2.5}
DASHES = (0, (3.2, 1.2))
FARTHEST = 1000.0
"""Depth scales are drawn up to so many layers."""


def table(epochs: pd.DataFrame, points: pd.DataFrame) -> FigureData:
    """Theory by gain (`statistic` theory), then one row per run and medians and quartiles of what was measured.

    length: q*. slope: chi_1. length_scale, correlation_scale: layers. measured_slope: the mean squared singular value
    of a layer's Jacobian that a point had per layer, as the root of that of all layers, without what widths do to it.
    """
    rows = _plain_stacks(points)
    shown = shared.gain_slice(points, set(rows["point_id"]), CURVES.series, NEEDS)
    drawn = shown.select(rows).sort_values([*CURVES.series, "gain", "seed", "point_id"])
    activation, bias_std = shared.units(shown)
    gains = np.geomspace(drawn["gain"].min(), drawn["gain"].max(), STEPS)
    theory = pd.DataFrame([_theory(activation, float(gain), bias_std) for gain in gains])
    return FigureData(
        table=pd.concat([theory, CURVES.table(drawn, [MEASURED])], ignore_index=True).pipe(shared.with_critical, shown),
        title="Mean-field theory of wide networks, and measured Jacobians",
        caption=f"{shared.describe(shown, drawn, [*CURVES.series, 'gain'], 'network and gain')}. Theory of infinitely "
        f"wide Gaussian networks (Poole et al. 2016, Schoenholz et al. 2017), {activation} units: where q* is 0, "
        f"signals die; scales beyond {FARTHEST:g} layers are left out. Measured: the D-th root of the mean squared "
        "singular value of the last layer's Jacobian, which is χ₁ once lengths are q*; few layers do not get there.",
        colour_by="depth",
        warnings=captions.warnings(shown, points, drawn),
    )


def _plain_stacks(points: pd.DataFrame) -> pd.DataFrame:
    """The points that the theory is about and whose Jacobian is known, with what it says of one layer."""
    if not {"gain", "batch_norm", JACOBIAN_MEAN} <= set(points):
        raise NothingToDraw(NEEDS)
    rows = points.drop_duplicates("point_id").dropna(subset=[JACOBIAN_MEAN])
    rows = rows[~rows["batch_norm"].astype(bool) & rows["architecture"].isin(PLAIN_STACKS)]
    powers = np.array([linear_power(config) for config in shared.configs(rows)])
    gains, depths = rows["gain"].to_numpy(float), rows["depth"].to_numpy(float)
    slopes = gains**2 * (rows[JACOBIAN_MEAN].to_numpy(float) / powers) ** (1 / depths)
    return rows.assign(**{MEASURED: slopes})


def _theory(activation: Any, gain: float, bias_std: float) -> dict[str, Any]:
    scales = depth_scales(activation, gain, bias_std)
    return {
        "statistic": "theory",
        "gain": gain,
        LENGTH: length_fixed_point(activation, gain, bias_std),
        SLOPE: slope(activation, gain, bias_std),
        LENGTH_SCALE: scales.length,
        CORRELATION_SCALE: scales.correlation,
    }


def draw(data: FigureData) -> Canvas:
    """A column per initializer: q*, the slope with what was measured, the depth scales; colours by depth."""
    rows = data.table
    theory, measured = rows[rows["statistic"] == "theory"], rows[rows["statistic"] != "theory"]
    palette = style.ordered_colours(measured["depth"].astype(int).unique().tolist())
    initializers = shared.initializers(measured)
    with rc_context(style.RC):
        canvas, axes = sheet(data, 3, len(initializers), 1.5, _legends(measured, palette), row_gap=0.14)
        for column, initializer in enumerate(initializers):
            length, slopes, scales = axes[:, column]
            length.plot(theory["gain"], theory[LENGTH].where(np.isfinite(theory[LENGTH])), **LINE)
            slopes.plot(theory["gain"], theory[SLOPE], **LINE)
            chosen = measured[measured["initializer"] == initializer].astype({"depth": int})
            CURVES.draw(slopes, chosen, MEASURED, "depth", palette)
            _scales(scales, theory)
            for axis in (length, slopes, scales):
                shared.gain_axis(axis, rows)
            length.set_title(shared.initializer_label(initializer), loc="left")
            scales.set_xlabel(shared.GAIN_LABEL)
        for axis, label in zip(axes[:, 0], ("Length q*", "Slope χ₁", "Depth scales (layers)"), strict=True):
            axis.set_ylabel(label)
        canvas.align_ylabels(axes[:, 0])
    return canvas


def _scales(axis: Axes, theory: pd.DataFrame) -> None:
    for name, dashes in ((CORRELATION_SCALE, "-"), (LENGTH_SCALE, DASHES)):
        axis.plot(theory["gain"], theory[name].where(theory[name] <= FARTHEST), **LINE, ls=dashes)
    axis.set_yscale("log")


def _legends(measured: pd.DataFrame, palette: dict[int, str]) -> list[tuple[str, list[Artist]]]:
    lines: list[Artist] = [
        Line2D([], [], label="q*, χ₁, scale ξc of correlations", **LINE),
        Line2D([], [], label="scale ξq of lengths", **LINE, ls=DASHES),
        shared.critical_key(),
    ]
    return [
        (style.VARIABLE_LABELS["depth"], level_keys("depth", palette)),
        ("Measured", CURVES.keys(measured)),
        ("Theory", lines),
    ]
