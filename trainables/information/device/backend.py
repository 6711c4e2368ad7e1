"""LEAF: what Keras' public operations leave open between TensorFlow and JAX: compilation, float64, where arrays live.

Keras is imported on first use only: the estimator itself must not need it.
"""

import sys
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from functools import cache, partial
from typing import Any

import numpy as np
import numpy.typing as npt


def is_device_array(values: object) -> bool:
    """Whether these are an eager tensor or array of the backend that Keras uses; never imports it."""
    keras = sys.modules.get("keras")
    if keras is None or isinstance(values, np.ndarray | np.generic):
        return False
    return bool(keras.ops.is_tensor(values))


def is_on_accelerator(values: object) -> bool:
    """Whether these are a device array of Keras' backend that does not live in the memory of the CPU."""
    if not is_device_array(values):
        return False
    array: Any = values
    if hasattr(array, "devices"):
        return all(device.platform != "cpu" for device in array.devices())
    return "GPU" in getattr(array, "device", "")


def to_host(values: Any) -> npt.NDArray[Any]:
    """The values as a numpy array."""
    return np.asarray(values)


def double_precision() -> AbstractContextManager[Any]:
    """A context in which the backend has 64-bit numbers; JAX narrows them to 32 bits outside."""
    if not is_jax():
        return nullcontext()
    import jax
    import jax.experimental

    older = getattr(jax.experimental, "enable_x64", None)
    context: AbstractContextManager[Any] = older() if older else jax.enable_x64(True)
    return context


@cache
def compiled(function: Callable[..., Any], *options: Any) -> Callable[..., Any]:
    """function(*options, *arrays) compiled by XLA for each new set of shapes; `options` are constants of the code."""
    bound = partial(function, *options)
    if is_jax():
        import jax

        return jax.jit(bound)
    import tensorflow as tf

    return tf.function(bound, jit_compile=True, autograph=False)


def right_shift(words: Any, bits: Any) -> Any:
    """words >> bits of 64-bit words, which Keras would narrow to 32 bits on TensorFlow."""
    return _bitwise().right_shift(words, bits)


def left_shift(words: Any, bits: Any) -> Any:
    """words << bits, likewise."""
    return _bitwise().left_shift(words, bits)


def _bitwise() -> Any:
    if is_jax():
        import jax.numpy

        return jax.numpy
    import tensorflow as tf

    return tf.bitwise


def is_jax() -> bool:
    import keras

    return bool(keras.backend.backend() == "jax")
