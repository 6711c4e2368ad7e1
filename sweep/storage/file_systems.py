"""File systems: the one that a path is on, its free space, and whether an error says that it is full."""

import errno
import os
import shutil
from pathlib import Path

from sweep.errors import causes

FULL = (errno.ENOSPC, errno.EDQUOT)


def nearest_existing(path: Path) -> Path:
    """The path, or the nearest folder above it that exists."""
    path = path.absolute()
    while not os.path.exists(path) and path != path.parent:  # which takes a name that is too long
        path = path.parent
    return path


def mount_point(path: Path) -> Path:
    """The mount point of the file system that the path is on, or would be on."""
    path = Path(os.path.realpath(nearest_existing(path)))
    while not os.path.ismount(path):
        path = path.parent
    return path


def free_bytes(path: Path) -> int:
    """Bytes that this user can still write there."""
    return shutil.disk_usage(nearest_existing(path)).free


def fullness(error: BaseException | None) -> OSError | None:
    """Of an error and its causes, the one that reports a full file system; None when there is none."""
    chain = causes(error) if error else ()
    return next((cause for cause in chain if isinstance(cause, OSError) and cause.errno in FULL), None)
