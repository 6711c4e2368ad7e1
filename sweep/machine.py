"""This machine, asked without Ray, Keras or TensorFlow: its GPUs, its CPUs, and how many trials they hold at a time."""

import os
import shutil
import subprocess
from dataclasses import dataclass

from sweep.spec import Resources

ASK_SECONDS = 15.0


@dataclass(frozen=True)
class Gpu:
    """A GPU as NVIDIA's driver describes it."""

    name: str
    memory_mib: int
    free_mib: int
    driver: str


def gpus() -> list[Gpu]:
    """The GPUs that programs started here may use; none without NVIDIA's driver."""
    tool = shutil.which("nvidia-smi")
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    if tool is None or visible in ("", "-1"):
        return []
    query = [tool, "--query-gpu=name,memory.total,memory.free,driver_version", "--format=csv,noheader,nounits"]
    try:
        said = subprocess.run(query, capture_output=True, text=True, timeout=ASK_SECONDS, check=True).stdout
        found = [Gpu(name, int(total), int(free), driver) for name, total, free, driver in _rows(said)]
    except (OSError, subprocess.SubprocessError, ValueError):
        return []
    return found[: len(visible.split(","))] if visible else found


def _rows(said: str) -> list[list[str]]:
    return [[cell.strip() for cell in line.split(",")] for line in said.splitlines() if line.strip()]


def cpus() -> int:
    """The CPUs that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def trials_at_a_time(wanted: Resources, have_cpus: int, have_gpus: int, max_concurrent: int | None = None) -> int:
    """How many trials a run on a machine with these holds at a time; without a GPU they run on CPUs. 0: none fits."""
    fitting = [int(have_cpus / wanted.cpus + 1e-9)]
    if wanted.gpus and have_gpus:
        one = int(have_gpus / wanted.gpus + 1e-9) if wanted.gpus >= 1 else have_gpus * int(1 / wanted.gpus + 1e-9)
        fitting.append(one)
    return min([*fitting, *([max_concurrent] if max_concurrent else [])])
