"""The untrained networks of the sweep with noise at every hidden layer, in numpy, from the sweep's own initial weights.

A pass is that of `trainables.architectures.build` with N(0, noise^2) added to every hidden unit's output.
"""

from collections.abc import Iterator, Sequence
from itertools import pairwise

import keras
import numpy as np
import numpy.typing as npt

from trainables.architectures import initial_kernels
from trainables.config import TrialConfig
from trainables.sizes import PIXELS, hidden_widths

Floats = npt.NDArray[np.float64]


def network(initializer: str, gain: float, depth: int, seed: int, width: int) -> TrialConfig:
    """A point of the preset `isometry`; networks of different depths have all layers but their last in common."""
    plain = {"dataset": "mnist", "epochs": 0, "batch_norm": False, "measure": {"pairs": ["input-each"]}}
    varied = {"initializer": initializer, "gain": gain, "depth": depth, "seed": seed, "width": width}
    return TrialConfig.model_validate(plain | varied)


def weights(config: TrialConfig, layer: int) -> Floats:
    """The kernel of a hidden layer, counted from 1, as the sweep draws it."""
    shape = list(pairwise([PIXELS[config.dataset], *hidden_widths(config)]))[layer - 1]
    kernel = initial_kernels(config)[f"dense_{layer}"](shape)
    return np.asarray(keras.ops.convert_to_numpy(kernel), np.float64)


def passes(kernels: Sequence[Floats], images: Floats, noise: float, paths: int, seed: int) -> Iterator[Floats]:
    """Layer after layer without its own noise, (N, paths, units), with that of all before. images: (N, pixels)."""
    generator = np.random.default_rng([seed, 1])
    layer = np.repeat(np.tanh(images @ kernels[0])[:, None], paths, axis=1)
    yield layer
    for kernel in kernels[1:]:
        signal = layer + noise * generator.standard_normal(layer.shape) if noise else layer
        layer = np.tanh(signal @ kernel)
        yield layer


def jacobians(kernels: Sequence[Floats], images: Floats) -> Iterator[Floats]:
    """Layer after layer d layer / d image without noise, (images, pixels, units)."""
    signal, jacobian = images, np.eye(images.shape[1])
    for kernel in kernels:
        signal = np.tanh(signal @ kernel)
        jacobian = (jacobian @ kernel) * (1 - signal**2)[:, None]
        yield jacobian
