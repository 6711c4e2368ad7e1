"""LEAF. Whole objects by name in a folder: written atomically, never appended to, never half visible."""

import contextlib
import os
import uuid
from collections.abc import Iterator
from pathlib import Path

from sweep.errors import StorageFault


class Objects:
    """Named byte strings below a folder; names are relative paths with `/`.

    A write goes to a temporary name, is flushed to disk, and takes its place by a rename that is flushed too, so a
    reader sees the old object or the new one, also after a crash or a power loss.

    Raises (all methods):
        StorageFault: when the file system refuses; the message names the path and the cause.
    """

    def __init__(self, root: Path) -> None:
        self.root = root

    def path(self, name: str) -> Path:
        """Where the object lies."""
        return self.root / name

    def write(self, name: str, data: bytes) -> None:
        """Put the object in place of any older one of that name."""
        with _explained("write", self.path(name)), self._temporary(name, data) as temporary:
            os.replace(temporary, self.path(name))
            _sync_folder(self.path(name).parent)

    def create(self, name: str, data: bytes) -> bool:
        """Write the object unless one of that name exists; whether this call did it."""
        with _explained("write", self.path(name)), self._temporary(name, data) as temporary:
            try:
                os.link(temporary, self.path(name))
            except FileExistsError:
                return False
            _sync_folder(self.path(name).parent)
            return True

    def read(self, name: str) -> bytes | None:
        """The object, or None when there is none."""
        with _explained("read", self.path(name)):
            try:
                return self.path(name).read_bytes()
            except (FileNotFoundError, NotADirectoryError):
                return None

    def names(self, folder: str) -> list[str]:
        """Sorted last parts of the names in a folder; none when it does not exist."""
        with _explained("read", self.path(folder)):
            try:
                return sorted(name for name in os.listdir(self.path(folder)) if not name.startswith("."))
            except (FileNotFoundError, NotADirectoryError):
                return []

    def rename(self, name: str, new_name: str) -> None:
        """Give an object another name."""
        with _explained("rename", self.path(name)):
            os.replace(self.path(name), self.path(new_name))

    def delete(self, name: str) -> None:
        """Remove the object; nothing happens when there is none."""
        with _explained("delete", self.path(name)):
            self.path(name).unlink(missing_ok=True)

    def check_writable(self) -> None:
        """Write, read back and delete a small object."""
        name = f"writable-{os.getpid()}"
        self.write(name, b"ok")
        if self.read(name) != b"ok":
            raise StorageFault(f"{self.path(name)}: what was written could not be read back")
        self.delete(name)

    @contextlib.contextmanager
    def _temporary(self, name: str, data: bytes) -> Iterator[str]:
        folder = self.path(name).parent
        folder.mkdir(parents=True, exist_ok=True)
        temporary = str(folder / f".{uuid.uuid4().hex}.part")
        try:
            with open(temporary, "xb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            yield temporary
        finally:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(temporary)


@contextlib.contextmanager
def _explained(action: str, path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise StorageFault(
            f"cannot {action} {path}: {error.strerror or error}\n"
            "  next: check the free space and permissions there, or choose another folder with --store (SWEEP_STORE)"
        ) from error


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
