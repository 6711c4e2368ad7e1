"""A trial's share of a GPU as a limit on its memory, so that trials on one GPU cannot take what others need."""

import os
from collections.abc import Mapping

from trainables import device

CONTEXT_MIB = 600
"""What CUDA and its libraries take of a GPU for each process, beyond what the backend counts as its own."""


def limit_mib(share: float, memory_mib: int) -> int | None:
    """How much of a GPU of that size a trial may allocate, in MiB; None for one that has whole GPUs, or none.

    It is the share without the context of the process, but at least half of the share.
    """
    if not 0 < share < 1:
        return None
    whole = share * memory_mib
    return int(max(whole - CONTEXT_MIB, whole / 2))


def jax_settings(limit: int, memory_mib: int) -> Mapping[str, str]:
    """The environment in which JAX keeps to the limit, taking memory as it is needed."""
    return {
        "XLA_PYTHON_CLIENT_MEM_FRACTION": f"{limit / memory_mib:.6f}",
        "XLA_PYTHON_CLIENT_PREALLOCATE": "false",
    }


def keep_to(limit: int, memory_mib: int) -> None:
    """Have Keras' backend allocate no more than that on any GPU it sees; to be called before it first uses one.

    Raises:
        RuntimeError: when TensorFlow has used a GPU before, under another limit.
    """
    os.environ.pop("XLA_CLIENT_MEM_FRACTION", None)  # JAX refuses both of its names at once
    os.environ.update(jax_settings(limit, memory_mib))
    if device.backend() != "tensorflow":
        return
    import tensorflow as tf

    for gpu in tf.config.list_physical_devices("GPU"):
        alone = [tf.config.LogicalDeviceConfiguration(memory_limit=limit)]
        tf.config.set_logical_device_configuration(gpu, alone)
