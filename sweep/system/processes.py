"""LEAF. Processes of this machine: the identity of a process, whether it still lives, and killing child processes."""

import functools
import os
import socket
import time
from pathlib import Path

import psutil

ZOMBIE = ("Z", "X")


@functools.cache
def place() -> str:
    """The scope in which process ids are unique: this boot of this machine, and this container."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        return f"{boot}/{os.stat('/proc/self/ns/pid').st_ino}"
    except OSError:
        return socket.gethostname()


def started(pid: int) -> str | None:
    """The identity of a process, from its start time and `place`, which no clock changes; None if it is gone.

    A zombie, which has ended and waits for its parent, counts as gone.
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
    """Kill all child processes of this one, recursively, until none is left or the time is up."""
    deadline = time.monotonic() + seconds
    while (children := psutil.Process().children(recursive=True)) and time.monotonic() < deadline:
        for child in children:
            try:
                child.kill()
            except psutil.Error:
                continue
        psutil.wait_procs(children, timeout=0.5)
