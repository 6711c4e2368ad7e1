"""Objects in a folder of a file system with hard links: written under a temporary name, flushed, renamed."""

import contextlib
import fcntl
import functools
import hashlib
import os
import uuid
from collections.abc import Iterable, Iterator
from pathlib import Path

from sweep.errors import StorageFault
from sweep.storage.file_systems import FULL, mount_point
from sweep.system import processes
from sweep.timing import StoreTiming


class Folder:
    """Named byte strings below a folder; names are relative paths with `/`.

    A write creates a temporary file, flushes it to disk, renames it, and flushes the folder, so a reader sees the old
    object or the new one, also after a crash or a power loss.

    Raises (all methods):
        StorageFault: when the file system refuses; the message names the path and the cause.
    """

    def __init__(self, root: Path, timing: StoreTiming | None = None) -> None:
        self.root, self._timing = root, timing or StoreTiming()

    @property
    def settle_seconds(self) -> float:
        """Much longer than the time between reading an object and acting on it."""
        return self._timing.folder_settle_seconds

    def where(self, name: str) -> str:
        """Its path."""
        return str(self.path(name))

    def marks(self, folder: str) -> None:
        """None: reading files is as fast as listing them."""

    def mark(self, folder: str) -> str:
        """A digest of names, sizes, times and inode numbers; every write creates a new file with another inode."""
        versions = []
        with (
            _explained("read", self.path(folder)),
            contextlib.suppress(FileNotFoundError, NotADirectoryError),
            os.scandir(self.root / folder) as entries,
        ):
            for entry in entries:
                if entry.name[0] != ".":
                    with contextlib.suppress(FileNotFoundError):  # dropped meanwhile
                        status = entry.stat()
                        versions.append(f"{entry.name} {status.st_size} {status.st_mtime_ns} {status.st_ino}\n")
        return hashlib.sha256("".join(sorted(versions)).encode()).hexdigest() if versions else ""

    def path(self, name: str) -> Path:
        """Where the object lies."""
        return self.root / name

    def write(self, name: str, data: bytes) -> None:
        """Put the object in place of any older one of that name."""
        path = self.path(name)
        with _explained("write", path):
            try:
                self._write(path, data)
            except FileNotFoundError:  # the temporary file was deleted as a leftover, as after a jump of the clock
                self._write(path, data)

    def _write(self, path: Path, data: bytes) -> None:
        with _temporary(path.parent, data) as temporary:
            os.replace(temporary, path)
            _sync_folder(path.parent)

    def create(self, name: str, data: bytes) -> bool:
        """Write the object unless one of that name exists; whether this call did it."""
        path = self.path(name)
        with _explained("write", path), _temporary(path.parent, data) as temporary:
            try:
                os.link(temporary, path)
            except FileExistsError:
                return False
            _sync_folder(path.parent)
            return True

    def read(self, name: str) -> bytes | None:
        """The object, or None when there is none; a folder in its place reads as empty, which no object is."""
        with _explained("read", self.path(name)):
            try:
                return self.path(name).read_bytes()
            except (FileNotFoundError, NotADirectoryError):
                return None
            except IsADirectoryError:
                return b""

    def names(self, folder: str) -> list[str]:
        """Sorted last parts of the names in a folder; none when it does not exist."""
        with _explained("read", self.path(folder)):
            return sorted(name for name in _listed(self.path(folder)) if not name.startswith("."))

    @contextlib.contextmanager
    def exclusive(self, folder: str) -> Iterator[None]:
        """While in the block, no other process is in such a block for that folder, where the file system has locks."""
        with _explained("read", self.path(folder)):
            try:
                descriptor = os.open(self.path(folder), os.O_RDONLY)
            except FileNotFoundError:
                descriptor = None
        if descriptor is None:
            yield
            return
        try:
            with contextlib.suppress(OSError):
                fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            with _explained("read", self.path(folder)):
                os.close(descriptor)

    def rename(self, name: str, new_name: str) -> None:
        """Give an object another name."""
        with _explained("rename", self.path(name)):
            os.replace(self.path(name), self.path(new_name))

    def delete(self, name: str) -> None:
        """Remove the object; nothing happens when there is none, or a folder in its place."""
        with _explained("delete", self.path(name)), contextlib.suppress(FileNotFoundError, NotADirectoryError):
            if not self.path(name).is_dir():
                os.unlink(self.path(name))

    def clear_leftovers(self, folders: Iterable[str]) -> int:
        """Delete the temporary files of dead writers in these folders; returns their number.

        A file of this machine is a leftover once its process is gone; any other once it is old by the file system's
        clock, which all hosts share. Files that cannot be deleted stay: they are never read.
        """
        paths = [self.path(folder) / name for folder in folders for name in _listed(self.path(folder))]
        paths = [path for path in paths if path.name.startswith(".") and path.name.endswith(".part")]
        if not paths:
            return 0
        with _explained("write", self.root), _temporary(self.root, b"") as clock:
            moment = os.stat(clock).st_mtime
        cleared = 0
        for path in paths:
            with contextlib.suppress(OSError):
                if _is_leftover(path, moment, self._timing.leftover_seconds):
                    os.unlink(path)
                    cleared += 1
        return cleared


@contextlib.contextmanager
def _temporary(folder: Path, data: bytes) -> Iterator[str]:
    _make_folder(folder)
    temporary = str(folder / f"{_machine()}-{os.getpid()}-{uuid.uuid4().hex}.part")
    try:
        _write_whole(temporary, data)
        yield temporary
    finally:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(temporary)


@functools.cache
def _machine() -> str:
    return f".{uuid.uuid5(uuid.NAMESPACE_OID, processes.place()).hex[:12]}"


def _is_leftover(path: Path, moment: float, leftover_seconds: float) -> bool:
    """Whether no process still writes the file, at this time of the file system's clock."""
    machine, _, rest = path.name.partition("-")
    pid = rest.partition("-")[0]
    if machine == _machine() and pid.isdigit() and processes.started(int(pid)) is None:
        return True
    return moment - path.stat().st_mtime > leftover_seconds


def _write_whole(path: str, data: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
    try:
        rest = memoryview(data)
        while rest:
            rest = rest[os.write(descriptor, rest) :]
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _make_folder(folder: Path) -> None:
    """Make the folder and its parents, each flushed to disk as an entry of its parent."""
    if folder.is_dir():
        return
    _make_folder(folder.parent)
    with contextlib.suppress(FileExistsError):
        os.mkdir(folder)
        _sync_folder(folder.parent)


def _listed(folder: Path) -> list[str]:
    try:
        return os.listdir(folder)
    except (FileNotFoundError, NotADirectoryError):
        return []


@contextlib.contextmanager
def _explained(action: str, path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        where = f" on the file system {mount_point(path)}" if error.errno in FULL else ""
        raise StorageFault(
            f"cannot {action} {path}: {error.strerror or error}{where}",
            next="check the free space and permissions there, or choose another folder with --store (SWEEP_STORE)",
        ) from error


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
