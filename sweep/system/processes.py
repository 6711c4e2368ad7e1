"""LEAF. Processes of this machine: which one this is, whether another still lives, and the end of those it started."""

import functools
import os
import socket
import time
from pathlib import Path

import psutil

ZOMBIE = ("Z", "X")


@functools.cache
def place() -> str:
    """Where process ids mean the same as here: this boot of this machine, this container. Unchanged by any clock."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        return f"{boot}/{os.stat('/proc/self/ns/pid').st_ino}"
    except OSError:
        return socket.gethostname()


def started(pid: int) -> str | None:
    """When the process started, and where, in a form that no clock changes; None when there is no such process.

    A process that has ended and only waits for its parent to notice is none.
    """
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return None if fields[0] in ZOMBIE else f"{place()}/{fields[19]}"
    except ProcessLookupError:
        return None
    except FileNotFoundError:
        if Path("/proc/self/stat").exists():
            return None
    try:
        return f"{place()}/{psutil.Process(pid).create_time()}"
    except psutil.Error:
        return None


def kill_children(seconds: float = 5.0) -> None:
    """Kill every process that this one started, and those that they started, until none is left or the time is up."""
    deadline = time.monotonic() + seconds
    while (children := psutil.Process().children(recursive=True)) and time.monotonic() < deadline:
        for child in children:
            try:
                child.kill()
            except psutil.Error:
                continue
        psutil.wait_procs(children, timeout=0.5)
