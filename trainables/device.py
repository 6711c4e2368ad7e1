"""The machine under a trial: threads pinned for reproducibility, memory taken as needed, and what it all was."""

import functools
import json
import os
import platform
import socket
from importlib.metadata import version
from pathlib import Path
from typing import Any

from trainables import numeric_settings
from trainables.identity import code_sha256
from trainables.identity.components import identities

PACKAGES = (
    *("keras", "numpy", "scipy", "numba", "npeet_plus", "scikit-learn"),
    *("tensorflow", "jax", "jaxlib", "ray", "mlflow", "mi-sweep"),
)
DRIVER_VERSION = Path("/sys/module/nvidia/version")


def pin(threads: int) -> None:
    """Fix the number of CPU threads of Keras' backend; call it before Keras is imported.

    The number of threads changes the sums of a training step in their last bits, so it is part of the provenance.
    On GPUs memory is allocated as needed, so that several trials fit on one.
    """
    for name in ("OMP_NUM_THREADS", "TF_NUM_INTRAOP_THREADS", "NPROC", "PJRT_NPROC"):
        os.environ[name] = str(threads)
    os.environ["TF_NUM_INTEROP_THREADS"] = "1"
    os.environ["JAX_ENABLE_X64"] = "0"
    os.environ.setdefault("TF_FORCE_GPU_ALLOW_GROWTH", "true")
    os.environ.setdefault("XLA_PYTHON_CLIENT_PREALLOCATE", "false")
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")


def describe(threads: int) -> dict[str, Any]:
    """Backend, device and its driver, threads, host, code and package versions, as flat text and numbers."""
    import keras

    return {
        "backend": keras.backend.backend(),
        "device": _device_name(keras.backend.backend()),
        "driver": driver_version(),
        "threads": threads,
        "cpus": os.cpu_count(),
        "host": socket.gethostname(),
        "pid": os.getpid(),
        "system": platform.platform(),
        "python": platform.python_version(),
        "packages": packages(),
        "code_sha256": code_sha256(),
        "components": dict(identities()),
        "settings": numeric_settings.recorded(),
    }


def packages() -> dict[str, str]:
    """The installed versions of what a number may depend on, or a reader may ask for."""
    return {name: found for name in PACKAGES if (found := _version(name))}


def backend() -> str:
    """The backend that Keras will choose, without importing it: its environment variable, its file, its default."""
    if named := os.environ.get("KERAS_BACKEND"):
        return named
    try:
        home = Path(os.environ.get("KERAS_HOME", Path.home() / ".keras"))
        return str(json.loads((home / "keras.json").read_text())["backend"])
    except (OSError, RuntimeError, ValueError, KeyError, TypeError):
        return "tensorflow"


def driver_version() -> str | None:
    """The version of NVIDIA's driver; None without one."""
    try:
        return DRIVER_VERSION.read_text().strip()
    except OSError:
        return None


def _device_name(backend: str) -> str:
    if backend == "jax":
        import jax

        return str(jax.devices()[0].device_kind)
    import tensorflow as tf

    gpus = tf.config.list_physical_devices("GPU")
    if not gpus:
        return "cpu"
    return str(tf.config.experimental.get_device_details(gpus[0]).get("device_name", "gpu"))


@functools.cache
def _version(package: str) -> str | None:
    try:
        return version(package)
    except ModuleNotFoundError:
        return None
