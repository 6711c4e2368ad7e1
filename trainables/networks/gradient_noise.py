"""The gradients of the batches of an epoch: their mean, which all share, and their spread about it."""

from collections.abc import Mapping
from typing import Any

import keras
import numpy as np

from trainables.batches import batches
from trainables.config import TrialConfig
from trainables.geometry import GradientMoments
from trainables.information.device import to_host
from trainables.networks.compiled_models import loss_gradients

MOST_BATCHES = 64
"""Of an epoch's batches so many are taken, the first ones of its order."""


class GradientNoise:
    """The gradients of the loss with respect to the kernels of the hidden layers, as the steps of an epoch take them.

    Batches are normalized by their own statistics, as in training; the weights and the moving averages stay as they
    are.
    """

    def __init__(self, config: TrialConfig, built: keras.Model, images: Any, labels: Any) -> None:
        numbers = range(1, config.depth + 1)
        self._kernels = {f"hidden_{number}": built.get_layer(f"dense_{number}").kernel for number in numbers}
        self._batch_size = len(images) if config.batch_size == "all" else config.batch_size
        self._images, self._labels = images, labels
        model = keras.Model(built.input, built.output["logits"])
        self._gradients = loss_gradients(model, list(self._kernels.values()))

    def moments(self, seed: int, epoch: int) -> Mapping[str, GradientMoments]:
        """By layer, those of the whole batches that the pass of that epoch takes, at the present weights."""
        whole = [
            rows for rows in batches(len(self._images), self._batch_size, seed, epoch) if len(rows) == self._batch_size
        ]
        norms = {layer: np.linalg.norm(to_host(kernel.value)) for layer, kernel in self._kernels.items()}
        sums = {layer: _Sums() for layer in self._kernels}
        for rows in whole[:MOST_BATCHES] if len(whole) > 1 else ():
            images, labels = (keras.ops.take(values, rows, axis=0) for values in (self._images, self._labels))
            for layer, gradient in zip(self._kernels, self._gradients(images, labels), strict=True):
                sums[layer].add(to_host(gradient).astype(np.float64) / norms[layer])
        return {layer: of.moments() for layer, of in sums.items()}


class _Sums:
    """Mean and squared deviations over arrays that come one by one (Welford 1962)."""

    def __init__(self) -> None:
        self._count, self._mean, self._squares = 0, np.zeros(()), np.zeros(())

    def add(self, values: np.ndarray) -> None:
        self._count += 1
        before = values - self._mean
        self._mean = self._mean + before / self._count
        self._squares = self._squares + before * (values - self._mean)

    def moments(self) -> GradientMoments:
        variance = float(self._squares.sum()) / (self._count - 1) if self._count > 1 else float("nan")
        return GradientMoments(float(np.sum(self._mean**2)), variance, self._count)
