"""The GPUs and CPUs of this machine, found without Ray, Keras or TensorFlow."""

import os
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Gpu:
    """A GPU as NVIDIA's driver describes it."""

    name: str
    memory_mib: int
    free_mib: int
    driver: str


def gpus(*, also_hidden: bool = False) -> list[Gpu]:
    """The GPUs that processes started here may use; none without NVIDIA's driver.

    With `also_hidden`, all GPUs of the machine: Ray hides them from a task that requests none.
    """
    visible = None if also_hidden else os.environ.get("CUDA_VISIBLE_DEVICES")
    return [] if visible in ("", "-1") else _chosen(_all_gpus(), visible)


def _all_gpus() -> dict[str, Gpu]:
    """The GPUs of the machine by their id, in the driver's order; none if the driver fails for any of them."""
    import pynvml

    try:
        pynvml.nvmlInit()
    except pynvml.NVMLError:
        return {}
    try:
        driver = pynvml.nvmlSystemGetDriverVersion()
        handles = [pynvml.nvmlDeviceGetHandleByIndex(index) for index in range(pynvml.nvmlDeviceGetCount())]
        return {pynvml.nvmlDeviceGetUUID(handle): _described(handle, driver) for handle in handles}
    except pynvml.NVMLError:
        return {}
    finally:
        pynvml.nvmlShutdown()


def _described(handle: Any, driver: str) -> Gpu:
    import pynvml

    memory = pynvml.nvmlDeviceGetMemoryInfo(handle)
    return Gpu(pynvml.nvmlDeviceGetName(handle), memory.total // 2**20, memory.free // 2**20, driver)


def _chosen(gpus_by_id: dict[str, Gpu], visible: str | None) -> list[Gpu]:
    """The GPUs that `visible` names, by number or by the beginning of their id; None: all.

    The names of GPU partitions are not in the driver's list: for n of them, the first n GPUs are returned.
    """
    if visible is None:
        return list(gpus_by_id.values())
    names = [name.strip() for name in visible.split(",") if name.strip()]
    chosen = [
        gpu
        for index, (uuid, gpu) in enumerate(gpus_by_id.items())
        if str(index) in names or uuid.startswith(tuple(names))
    ]
    return chosen or list(gpus_by_id.values())[: len(names)]


def cpus() -> int:
    """The CPUs that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
