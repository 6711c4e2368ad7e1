"""Captures standard output and errors of a trial for the store. An error of the log never fails the trial.

While a trial runs, both streams of its process go to a file on its host, whose last part is saved in the store. If the
process dies, the next attempt on that host, or the driver, saves the end of the file.
"""

import contextlib
import faulthandler
import hashlib
import io
import os
import sys
from collections.abc import Callable, Collection
from pathlib import Path

from sweep.storage import Place
from sweep.store import Store
from sweep.system.private_folder import opened_file, private_path, remove

KEPT_BYTES = 64 * 1024
"""So much of the end of a log is kept in the store."""

FILE_BYTES = 4 * 1024 * 1024
"""The file on the host is cut back to its last part when it has grown beyond this."""

STREAMS = (1, 2)


class Output:
    """Redirects both streams of this process to a file between `start` and `stop`; no method raises."""

    def __init__(self, path: Path, save: Callable[[bytes], None]) -> None:
        self._path, self._save = path, save
        self._file: int | None = None
        self._originals: dict[int, int] = {}
        self._python_streams = (sys.stdout, sys.stderr)
        self._saved = b""

    @property
    def descriptor(self) -> int:
        """Where a crash is reported: the log, or standard error when there is none."""
        return 2 if self._file is None else self._file

    def start(self) -> None:
        """Begin with an empty log."""
        if self._file is not None:
            return
        with contextlib.suppress(Exception):
            self._file = opened_file(self._path, os.O_TRUNC | os.O_RDWR | os.O_APPEND, create=True)
            for stream in STREAMS:
                self._originals[stream] = os.dup(stream)
                os.dup2(self._file, stream)
            self._python_streams = (sys.stdout, sys.stderr)
            sys.stdout = sys.stderr = _Text(self._file)
            faulthandler.enable(self._file)

    def save(self) -> None:
        """Save the last part of the log in the store, if anything was printed since."""
        with contextlib.suppress(Exception):
            if self._file is None:
                return
            last_part = tail(self._path)
            if last_part != self._saved:
                self._save(last_part)
                self._saved = last_part
            if os.fstat(self._file).st_size > FILE_BYTES:
                os.ftruncate(self._file, 0)
                os.write(self._file, last_part)

    def stop(self) -> None:
        """Save, restore the streams, and remove the file if the store has all of it."""
        self.save()
        with contextlib.suppress(Exception):
            sys.stdout, sys.stderr = self._python_streams
        for stream, original in self._originals.items():
            with contextlib.suppress(Exception):
                os.dup2(original, stream)
                os.close(original)
        with contextlib.suppress(Exception):
            faulthandler.enable(2)
            if self._file is not None:
                if tail(self._path) == self._saved:
                    self._path.unlink()
                os.close(self._file)
        self._file, self._originals = None, {}


class _Text(io.TextIOBase):
    """A text stream that writes to a descriptor unbuffered; what cannot be written is lost."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def write(self, text: str) -> int:
        with contextlib.suppress(Exception):
            os.write(self._descriptor, text.encode(errors="replace"))
        return len(text)

    def writable(self) -> bool:
        return True

    def fileno(self) -> int:
        return self._descriptor


def path_on_host(store: Place, point_id: str, number: int) -> Path:
    """The file on its host to which a running attempt prints, in the folder of this user there."""
    return private_path() / f"{_prefix(store)}{point_id}-{number:04d}"


def _prefix(store: Place) -> str:
    return f"log-{hashlib.sha256(str(store).encode()).hexdigest()[:12]}-"


def tail(path: Path) -> bytes:
    """The last part of a log, from the beginning of a line where it has one; empty when there is none."""
    try:
        with open(opened_file(path, os.O_RDONLY), "rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(0, size - KEPT_BYTES))
            data = file.read(KEPT_BYTES)
    except OSError:
        return b""
    return data.partition(b"\n")[2] or data if size > KEPT_BYTES else data


def rescue(store: Store, point_id: str, number: int) -> None:
    """Save the log of an attempt whose process died on this host, and remove the file; never raises."""
    with contextlib.suppress(Exception):
        path = path_on_host(store.root, point_id, number)
        if printed := tail(path):
            store.save_log(point_id, number, printed)
        remove(path)


def rescue_ended(store: Store, ended: Collection[str]) -> None:
    """Do so for the attempts on this host at points that have ended: their processes died before they could.

    Those at other points are rescued by the next attempt. Never raises.
    """
    with contextlib.suppress(Exception):
        prefix = _prefix(store.root)
        for path in private_path().glob(f"{prefix}*"):
            point_id, _, number = path.name.removeprefix(prefix).rpartition("-")
            if point_id in ended:
                rescue(store, point_id, int(number))
