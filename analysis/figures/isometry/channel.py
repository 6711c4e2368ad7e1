"""What the last layer with Gaussian noise tells of the image, untrained: the exact channel by gain, with its theory."""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib import rc_context
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Canvas
from matplotlib.lines import Line2D

from analysis.figures.drawing import style
from analysis.figures.drawing.curves import GREY, Curves, level_keys
from analysis.figures.drawing.layout import sheet
from analysis.figures.isometry import shared
from analysis.figures.model import FigureData, NothingToDraw
from analysis.figures.rows import captions
from analysis.figures.rows.layer_rows import with_input
from analysis.mean_field import is_plain_stack, last_kernels
from analysis.quantities import CHANNEL_BITS, JACOBIAN_MEAN
from trainables.config import TrialConfig
from trainables.datasets import DatasetError, load
from trainables.measurement.more_measures import MOST_OPEN_BITS
from trainables.measurement.subset import measured_images

CURVES = Curves(("initializer", "depth"), "gain", each_point=True)
NEEDS = "needs the measure channel of the last layer of untrained networks at two or more gains (preset isometry)"
NOISE, NOISE_AT = "measure_noise", "measure_noise_at"
CEILING = "ceiling_bits"
MOST_IMAGES = 500
"""The prediction works on the Gram matrix of the images: a minute or two for the whole preset at so many."""
PREDICTION: dict[str, Any] = {"lw": 1.0, "ls": (0, (3.2, 1.2)), "zorder": 2.5}


def table(epochs: pd.DataFrame, points: pd.DataFrame) -> FigureData:
    """One row per run, then medians and quartiles per initializer, depth and gain, then the prediction; MI in bits.

    The prediction (`statistic` prediction) is that of mean-field theory for the very images that were measured.
    """
    rows = _last_layers(epochs, points)
    shown = shared.gain_slice(points, set(rows["point_id"]), CURVES.series, NEEDS)
    drawn = shown.select(rows)
    quantities = [CHANNEL_BITS, *([JACOBIAN_MEAN] if JACOBIAN_MEAN in drawn else [])]
    curves = shared.with_isometries(CURVES.table(drawn, quantities, also=["pair"]), CURVES.series)
    configs = shared.configs(drawn.drop_duplicates(["initializer", "gain"]))
    images, lack = _images(configs[0])
    predicted = [] if images is None else list(_predictions(images, configs, set(drawn["depth"])))
    measure = configs[0].measure
    count = configs[0].validation_images if measure.samples == "all" else measure.samples
    return FigureData(
        table=pd.concat([curves, pd.DataFrame(predicted)], ignore_index=True)
        .assign(**{CEILING: np.log2(count)})
        .pipe(shared.with_critical, shown),
        title="What the last layer with noise tells of the image at initialization",
        caption=". ".join(
            [
                shared.describe(shown, drawn, [*CURVES.series, "gain"], "network and gain"),
                f"MI of image and last hidden layer with Gaussian noise of deviation {measure.noise:g} on every unit "
                f"{NOTES[measure.noise_at]}, of {count:,} images",
                f"Dashed: mean-field theory of wide networks and these images, no free parameter{lack}",
                shared.RINGS,
            ]
        )
        + ".",
        colour_by="depth",
        warnings=captions.warnings(shown, points, drawn),
    )


NOTES = {
    "probe": "of that layer alone, exact up to sampling",
    "every_layer": "of every hidden layer: between bounds from sampled passes, the lower one where these are more than "
    f"{MOST_OPEN_BITS:g} bits apart",
}


def _last_layers(epochs: pd.DataFrame, points: pd.DataFrame) -> pd.DataFrame:
    """Of every point at epoch 0 the row of the input and the last hidden layer, of the noise that most points have."""
    if not {"gain", NOISE, NOISE_AT} <= set(points) or CHANNEL_BITS not in epochs:
        raise NothingToDraw(NEEDS)
    fields = [name for name in ("gain", NOISE, NOISE_AT, JACOBIAN_MEAN, *TrialConfig.model_fields) if name in points]
    rows = with_input(epochs[epochs["epoch"] == 0], points, [*dict.fromkeys(fields), "measure_samples"])
    rows = rows[(rows["layer"] == rows["depth"]) & rows[CHANNEL_BITS].notna()]
    if rows.empty:
        raise NothingToDraw(NEEDS)
    kinds = rows.groupby([NOISE_AT, NOISE])["point_id"].nunique()
    where, noise = max(kinds.index, key=lambda kind: (kinds[kind], kind))
    return rows[(rows[NOISE_AT] == where) & (rows[NOISE] == noise)].reset_index(drop=True)


def _images(point: TrialConfig) -> tuple[np.ndarray | None, str]:
    """The images that were measured, or none and why the prediction is not drawn."""
    if not is_plain_stack(point):
        return None, "; not drawn: it is of plain stacks without BatchNorm"
    folder = os.environ.get("SWEEP_DATA_DIR")
    try:
        images = load(point.dataset, Path(folder) if folder else None).validation_images[measured_images(point)]
    except DatasetError:
        return None, f"; not drawn: {point.dataset} is not on this machine (SWEEP_DATA_DIR)"
    if len(images) > MOST_IMAGES:
        return None, f"; not drawn: it is for at most {MOST_IMAGES:,} images (measure.samples)"
    return images, ""


def _predictions(images: np.ndarray, configs: Sequence[TrialConfig], depths: set[int]) -> Iterator[dict[str, Any]]:
    """One row for each config and depth."""
    from analysis.mean_field.prediction import predicted_information

    for config in configs:
        noise = config.measure.noise
        before = noise if config.measure.noise_at == "every_layer" else 0.0
        for depth, kernel in last_kernels(images, config, depths, before).items():
            key = {"statistic": "prediction", "initializer": config.initializer, "gain": config.gain, "depth": depth}
            yield key | {CHANNEL_BITS: predicted_information(kernel, noise).bits, "is_isometry": False}


def draw(data: FigureData) -> Canvas:
    """A panel per initializer, colours by depth."""
    rows = data.table
    measured, predicted = rows[rows["statistic"] != "prediction"], rows[rows["statistic"] == "prediction"]
    palette = style.ordered_colours(rows["depth"].unique().tolist())
    initializers = shared.initializers(measured)
    with rc_context(style.RC):
        canvas, axes = sheet(data, 1, len(initializers), 2.8, _legends(data, palette))
        for axis, initializer in zip(axes[0], initializers, strict=True):
            chosen = measured[measured["initializer"] == initializer]
            CURVES.draw(axis, chosen, CHANNEL_BITS, "depth", palette)
            shared.rings(axis, chosen, CHANNEL_BITS)
            _draw_predictions(axis, predicted[predicted["initializer"] == initializer], palette)
            axis.axhline(rows[CEILING].iloc[0], color=GREY, lw=0.8, ls=":", zorder=1)
            shared.gain_axis(axis, rows)
            axis.set_title(shared.initializer_label(initializer), loc="left")
            axis.set_xlabel(shared.GAIN_LABEL)
        axes[0, 0].set_ylabel("I(image; last layer + noise) (bits)")
        axes[0, 0].set_ylim(bottom=0.0)
    return canvas


def _draw_predictions(axis: Axes, rows: pd.DataFrame, palette: dict[int, str]) -> None:
    for depth, curve in rows.sort_values("gain").groupby("depth"):
        axis.plot(curve["gain"], curve[CHANNEL_BITS], color=palette[int(str(depth))], **PREDICTION)


def _legends(data: FigureData, palette: dict[int, str]) -> list[tuple[str, list[Artist]]]:
    measured = data.table[data.table["statistic"] != "prediction"]
    marks = shared.keys(measured)
    if len(measured) < len(data.table):
        marks.append(Line2D([], [], color=GREY, label="predicted", **PREDICTION))
    ceiling = data.table[CEILING].iloc[0]
    marks.append(Line2D([], [], color=GREY, lw=0.8, ls=":", label=f"all images told apart: {ceiling:.2f} bits"))
    return [
        (style.VARIABLE_LABELS["depth"], level_keys("depth", palette)),
        ("Lines", CURVES.keys(measured)),
        ("Marks", marks),
    ]
