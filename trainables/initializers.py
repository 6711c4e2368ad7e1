"""Initial weights of the hidden layers: Glorot, He, Gaussian and orthogonal, times a gain; biases; all seeded."""

from collections.abc import Callable

import keras

from trainables.config import Initializer

Build = Callable[[float, int], keras.initializers.Initializer]


def _variance_scaling(scale: float, mode: str) -> Build:
    def build(gain: float, seed: int) -> keras.initializers.Initializer:
        return keras.initializers.VarianceScaling(scale * gain**2, mode, "truncated_normal", seed=seed)

    return build


def _gaussian(gain: float, seed: int) -> keras.initializers.Initializer:
    """Untruncated normal of variance gain^2 / fan_in: the random networks of mean-field theory."""
    return keras.initializers.VarianceScaling(gain**2, "fan_in", "untruncated_normal", seed=seed)


def _orthogonal(gain: float, seed: int) -> keras.initializers.Initializer:
    return keras.initializers.Orthogonal(gain, seed=seed)


INITIALIZERS: dict[Initializer, Build] = {
    "glorot_normal": _variance_scaling(1.0, "fan_avg"),
    "he_normal": _variance_scaling(2.0, "fan_in"),
    "gaussian": _gaussian,
    "orthogonal": _orthogonal,
}


def kernel_initializer(name: Initializer, gain: float, seed: int, layer: int) -> keras.initializers.Initializer:
    """The initializer of the kernel of the given layer: a different, reproducible draw for every (seed, layer).

    `glorot_normal` at gain 1 is Keras' own (Glorot & Bengio 2010: variance 2 / (fan_in + fan_out)).
    """
    return INITIALIZERS[name](gain, (seed * 100_003 + layer) % 2**31)


BIASES_BEYOND = 50_000
"""Added to the number of a layer for its biases: no layer has so large a number, so no kernel has that seed."""


def bias_initializer(std: float, seed: int, layer: int) -> keras.initializers.Initializer:
    """The initializer of the biases of the given layer: N(0, std^2), drawn apart from every kernel; zeros at 0."""
    if not std:
        return keras.initializers.Zeros()
    return keras.initializers.RandomNormal(0.0, std, seed=(seed * 100_003 + BIASES_BEYOND + layer) % 2**31)
