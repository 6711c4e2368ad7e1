"""Which processes of a run the soak kills, and killing them."""

from collections.abc import Iterable
from contextlib import suppress

import psutil

KINDS = ("worker", "driver", "raylet", "gcs", "host")
"""What dies: one process that trains, the driver, Ray's raylet or gcs, or the driver and every process below it."""
WEIGHTS = (4, 3, 2, 2, 2)
MOST_SECONDS_BETWEEN = 5.0
"""Between the first death of a pair and the second."""
_MARKS = {"worker": ("Trainable", "PointTrial"), "raylet": ("raylet/raylet",), "gcs": ("gcs_server",)}
"""What one of the command lines of the processes below a driver has: Ray names that of a trial by what it does."""


def victims(kind: str, driver: int, below: Iterable[psutil.Process]) -> list[psutil.Process]:
    """The living processes of that kind, of a driver and those that were seen below it."""
    found = []
    if kind in ("driver", "host"):
        with suppress(psutil.NoSuchProcess):
            found.append(psutil.Process(driver))
    for process in below:
        with suppress(psutil.NoSuchProcess):
            line = " ".join(process.cmdline())
            if kind == "host" or any(mark in line for mark in _MARKS.get(kind, ())):
                found.append(process)
    return [process for process in found if _lives(process)]


def _lives(process: psutil.Process) -> bool:
    try:
        return bool(process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def kill(processes: Iterable[psutil.Process]) -> int:
    """SIGKILL them; how many there were."""
    killed = 0
    for process in processes:
        with suppress(psutil.NoSuchProcess):
            process.kill()
            killed += 1
    return killed
