"""Settings outside the code that decide numbers: those of Keras are fixed, those of its backend are recorded.

Keras reads its float type, epsilon and image format from a file in the user's home folder (`KERAS_HOME`), where another
project may have left others. The backend's variables may be set for good reasons, but change numbers in their last bits
or more; a run does not mix points that were computed under different ones.
"""

import os
from collections.abc import Mapping

VARIABLES = (
    *("XLA_FLAGS", "TF_XLA_FLAGS", "TF_ENABLE_ONEDNN_OPTS", "TF_DETERMINISTIC_OPS"),
    *("ONEDNN_MAX_CPU_ISA", "ONEDNN_DEFAULT_FPMATH_MODE"),
    *("NVIDIA_TF32_OVERRIDE", "JAX_DEFAULT_MATMUL_PRECISION"),
)
"""Variables of the environment by which XLA, TensorFlow, oneDNN, CUDA and JAX compute otherwise."""

UNSET = "unset"


def fix_keras() -> None:
    """Set what Keras may have read from the user's file to its defaults: float32, epsilon 1e-7, channels last."""
    import keras

    keras.config.set_floatx("float32")
    keras.config.set_epsilon(1e-7)
    keras.config.set_image_data_format("channels_last")
    keras.config.set_dtype_policy("float32")


def recorded() -> dict[str, str]:
    """Those of VARIABLES that are set in this environment, with their values."""
    return {name: value for name in VARIABLES if (value := os.environ.get(name))}


def complete(settings: Mapping[str, str]) -> dict[str, str]:
    """What `recorded` once returned, with `unset` for every other variable, so that two of them can be compared."""
    return {name: settings.get(name, UNSET) for name in VARIABLES}
