"""The validation images that are measured, and the seeds of what is drawn for them."""

import hashlib
from typing import Any

import numpy as np

from trainables.config import TrialConfig
from trainables.information.device import is_device_array

SUBSET_SEED = 0
"""Every point that measures a subset of the validation images measures the same one."""


def measured_images(config: TrialConfig) -> np.ndarray | slice:
    """Which validation images are measured: indices, or all."""
    samples = config.measure.samples
    if samples == "all":
        return slice(None)
    return np.sort(np.random.default_rng(SUBSET_SEED).permutation(config.validation_images)[:samples])


def rows(values: Any, images: np.ndarray | slice) -> Any:
    """The rows of these images, on the device where the values are on one."""
    if isinstance(images, slice) or not is_device_array(values):
        return values[images]
    import keras

    return keras.ops.take(values, images, axis=0)


def seed_of(config: TrialConfig, epoch: int, name: str) -> int:
    """Of what is drawn for a layer: a function of the point's seed, epoch and layer, so resuming needs no state."""
    digest = hashlib.sha256(f"{config.seed}/{epoch}/{name}".encode()).digest()
    return int.from_bytes(digest[:4], "big")
