"""Activations of the hidden units, by name."""

from collections.abc import Callable
from typing import Any, get_args

import keras

from trainables.config import Activation


@keras.saving.register_keras_serializable(package="mi-sweep")
def exact_gelu(signal: Any) -> Any:
    """x Phi(x), not its approximation by tanh."""
    return keras.activations.gelu(signal, approximate=False)


@keras.saving.register_keras_serializable(package="mi-sweep")
def erf(signal: Any) -> Any:
    """The error function."""
    return keras.ops.erf(signal)


ACTIVATIONS: dict[Activation, str | Callable[[Any], Any]] = {
    "tanh": "tanh",
    "erf": erf,
    "relu": "relu",
    "linear": "linear",
    "gelu": exact_gelu,
}
"""What `keras.layers.Activation` takes. `gelu` is x Phi(x) (Hendrycks & Gimpel 2016), not its approximation by tanh."""

assert set(ACTIVATIONS) == set(get_args(Activation))
