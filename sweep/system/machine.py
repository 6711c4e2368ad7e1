"""This machine, asked without Ray, Keras or TensorFlow: its GPUs, its CPUs, and how many trials they hold at a time."""

import os
import shutil
import subprocess
from dataclasses import dataclass

ASK_SECONDS = 15.0


@dataclass(frozen=True)
class Gpu:
    """A GPU as NVIDIA's driver describes it."""

    name: str
    memory_mib: int
    free_mib: int
    driver: str


def gpus(*, also_hidden: bool = False) -> list[Gpu]:
    """The GPUs that programs started here may use; none without NVIDIA's driver.

    With `also_hidden` all of the machine, as Ray hides them from a task that asks for none.
    """
    tool = shutil.which("nvidia-smi")
    visible = None if also_hidden else os.environ.get("CUDA_VISIBLE_DEVICES")
    if tool is None or visible in ("", "-1"):
        return []
    query = "--query-gpu=index,uuid,name,memory.total,memory.free,driver_version"
    try:
        command = [tool, query, "--format=csv,noheader,nounits"]
        said = subprocess.run(command, capture_output=True, text=True, timeout=ASK_SECONDS, check=True).stdout
        return _chosen(said, visible)
    except (OSError, subprocess.SubprocessError, ValueError):
        return []


def _chosen(said: str, visible: str | None) -> list[Gpu]:
    """Those of the driver's answer that `visible` names, by number or by the beginning of their id; None: all.

    Parts of a GPU have names that the driver does not list: the first GPUs stand for as many of them.
    """
    rows = [[cell.strip() for cell in line.split(",")] for line in said.splitlines() if line.strip()]
    found = {(index, uuid): Gpu(name, int(total), int(free), driver) for index, uuid, name, total, free, driver in rows}
    if visible is None:
        return list(found.values())
    names = [name.strip() for name in visible.split(",") if name.strip()]
    chosen = [gpu for (index, uuid), gpu in found.items() if index in names or uuid.startswith(tuple(names))]
    return chosen or list(found.values())[: len(names)]


def cpus() -> int:
    """The CPUs that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
