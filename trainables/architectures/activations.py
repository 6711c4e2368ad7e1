"""Activations of the hidden units, by name."""

from collections.abc import Callable
from typing import Any, get_args

import keras

from trainables.config import Activation

ACTIVATIONS: dict[Activation, str | Callable[[Any], Any]] = {
    "tanh": "tanh",
    "erf": keras.ops.erf,
    "relu": "relu",
    "linear": "linear",
    "gelu": lambda signal: keras.activations.gelu(signal, approximate=False),
}
"""What `keras.layers.Activation` takes. `gelu` is x Phi(x) (Hendrycks & Gimpel 2016), not its approximation by tanh."""

assert set(ACTIVATIONS) == set(get_args(Activation))
