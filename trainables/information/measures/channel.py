"""The exact channel as a rung: what a layer with noise of fixed size tells of which image was shown."""

from functools import partial
from typing import Any

import numpy.typing as npt

from trainables.information.channel import channel_information
from trainables.information.estimators.settings import Settings
from trainables.information.measures.contract import Measure, MeasuredValue, all_of

NOISE = 1.0
"""Standard deviation of the registered measure: half the range of a tanh unit. With a tenth of it, layers of a hundred
units reach the ceiling (benchmarks/results/ladder.md)."""


def image_information(
    noise: float, x: npt.NDArray[Any], y: npt.NDArray[Any], settings: Settings, seed: int
) -> MeasuredValue:
    """I(X; T) of `channel_information`, X uniform on the rows and T = y + noise; of x only the rows are counted."""
    found = channel_information(y, noise, seed=seed, threads=settings.cpu_threads)
    return MeasuredValue(
        found.bits,
        standard_error=found.standard_error,
        lower=found.lower,
        upper=found.upper,
        ceiling=found.ceiling,
        saturated=found.saturated,
    )


def with_noise(noise: float) -> Measure:
    """The measure with noise of that standard deviation on each unit of y."""
    return Measure(
        "channel",
        f"noise {noise:g}",
        f"I(image; y + noise), of the image itself in place of x, with Gaussian noise of {noise:g} in each unit of y: "
        "no estimate but for its sampling error; measures how many images can be told apart at that resolution, so "
        "that scale is part of the quantity, and reads log2 N where all can be.",
        partial(image_information, noise),
        all_of("rotation", "translation"),
        within_error=frozenset({"rotation"}),
    )


MEASURE = with_noise(NOISE)
