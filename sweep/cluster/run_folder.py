"""The folder of one run for what Ray and Tune put aside, in this user's own folder; those of dead runs are cleared.

A run that was killed cannot clear its folder: the next one does, once none of its processes lives.
"""

import contextlib
import json
import os
import shutil
import socket
from pathlib import Path

import psutil

from sweep.errors import UsageError
from sweep.system.private_folder import NotOurs, opened_folder, private_path
from sweep.system.processes import place, started

OWNER = "owner.json"


def run_folder() -> Path:
    """A new folder for this process. It stays, for Ray's logs in it, until the next run.

    Raises:
        UsageError: when another user has made, or may write into, the folder in which it is to be.
    """
    above = private_path()
    try:
        above.parent.mkdir(parents=True, exist_ok=True)
        with opened_folder(above, create=True):
            _clear_dead(above)
            folder = above / f"r{os.getpid()}"
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(mode=0o700)
            owner = {"host": socket.gethostname(), "pid": os.getpid(), "started": started(os.getpid())}
            (folder / OWNER).write_text(json.dumps(owner))
    except NotOurs as error:
        raise UsageError(str(error), next="remove it, or the same with TMPDIR=FOLDER, a folder of your own") from error
    except OSError as error:
        raise UsageError(
            f"{above}: no folder for temporary files can be made there: {error.strerror}",
            next="the same with TMPDIR=FOLDER, one that can be written to",
        ) from error
    return folder


def clear_dead() -> None:
    """Remove the folders of runs of this host whose processes have all ended, where their folder is this user's own."""
    with contextlib.suppress(OSError), opened_folder(private_path()):
        _clear_dead(private_path())


def _clear_dead(above: Path) -> None:
    for folder in above.glob("r[0-9]*"):
        if _is_dead(folder) and not _is_in_use(folder):
            shutil.rmtree(folder, ignore_errors=True)


def _is_dead(folder: Path) -> bool:
    """Whether the run that made the folder is certainly over: of this host, and of an earlier boot or ended."""
    try:
        owner = json.loads((folder / OWNER).read_bytes())
        if owner["host"] != socket.gethostname():
            return False
        then, now = str(owner["started"]).split("/"), place().split("/")
        if then[0] == now[0] and then[1:-1] != now[1:]:  # of another container, whose processes are not seen from here
            return False
        return then[0] != now[0] or started(int(owner["pid"])) != owner["started"]
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return folder.name == f"r{os.getpid()}" or _is_old(folder)


def _is_old(folder: Path) -> bool:
    """Whether a folder without a readable owner was made before this boot of the machine."""
    with contextlib.suppress(OSError):
        return folder.lstat().st_mtime < psutil.boot_time()
    return False


def _is_in_use(folder: Path) -> bool:
    """Whether a process of this user still works in the folder, as Ray's do for some seconds after their driver."""
    for process in psutil.process_iter(["cmdline"]):
        if any(str(folder) in argument for argument in process.info["cmdline"] or ()):
            return True
    return False
