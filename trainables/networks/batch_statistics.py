"""Batch normalization with the statistics of the whole training set under the present weights.

Keras normalizes in inference mode by moving averages, which lag behind the weights: with a momentum of 0.99 they still
hold 37 % of their initial values after 100 steps. What an evaluation or a measurement says of such a network it says of
that lag too.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import keras
import numpy as np

from trainables.networks.compiled_models import batch_moments


class BatchStatistics:
    """The batch normalizations of a network, and the statistics of their inputs over the training images."""

    def __init__(self, network: keras.Model, train_images: Any) -> None:
        self._layers = [layer for layer in network.layers if isinstance(layer, keras.layers.BatchNormalization)]
        self._images = train_images
        self._moments = batch_moments(keras.Model(network.input, [layer.input for layer in self._layers]))

    @contextmanager
    def recalibrated(self) -> Iterator[None]:
        """In the block the network normalizes by these statistics; after it by its moving averages, unchanged."""
        averages = [(layer.moving_mean, layer.moving_variance) for layer in self._layers]
        kept = [[np.array(keras.ops.convert_to_numpy(one)) for one in pair] for pair in averages]
        try:
            for pair, moments in zip(averages, self._moments(self._images), strict=True):
                _assign(pair, moments)
            yield
        finally:
            for pair, values in zip(averages, kept, strict=True):
                _assign(pair, values)


def _assign(variables: Any, values: Any) -> None:
    for variable, value in zip(variables, values, strict=True):
        variable.assign(value)
