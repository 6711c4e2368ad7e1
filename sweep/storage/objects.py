"""Whole objects by name, in a folder or in a bucket: written atomically, never appended to, never partly visible.

The store reads and writes only through these.
"""

import os
import uuid
from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager
from typing import Protocol

from sweep.errors import StorageFault
from sweep.storage.address import Place
from sweep.storage.folder import Folder
from sweep.timing import StoreTiming


class Objects(Protocol):
    """Named byte strings; names are relative paths with `/`, and those whose last part begins with `.` are not listed.

    Raises (all methods):
        StorageFault: when the place refuses or does not answer; the message names the object and the cause.
    """

    @property
    def settle_seconds(self) -> float:
        """Much longer than the time between reading an object and acting on it."""

    def where(self, name: str) -> str:
        """The path or address of the object, for people."""

    def write(self, name: str, data: bytes) -> None:
        """Put the object in place of any older one of that name, durably."""

    def create(self, name: str, data: bytes) -> bool:
        """Write the object unless one of that name exists; whether this call did it. Of concurrent calls, one does."""

    def read(self, name: str) -> bytes | None:
        """The object, or None when there is none."""

    def names(self, folder: str) -> list[str]:
        """Sorted last parts of the names in a folder; none when it does not exist."""

    def marks(self, folder: str) -> Mapping[str, str] | None:
        """For each part below that folder that has objects, a mark that changes whenever one of these does.

        None if reading the objects themselves is as fast.
        """

    def mark(self, folder: str) -> str:
        """A mark of one folder that changes whenever an object there does, empty for none; reads none of them."""

    def exclusive(self, folder: str) -> AbstractContextManager[None]:
        """While in the block, no other process is in such a block for that folder, where the place has locks."""

    def rename(self, name: str, new_name: str) -> None:
        """Give an object another name."""

    def delete(self, name: str) -> None:
        """Remove the object; nothing happens when there is none."""

    def clear_leftovers(self, folders: Iterable[str]) -> int:
        """Delete what dead writers left in these folders; returns the number."""


def at(place: Place, timing: StoreTiming | None = None) -> Objects:
    """The objects at that place; the first request to a bucket is sent when an object is used.

    Raises:
        StorageFault: when the place is a file.
    """
    if isinstance(place, os.PathLike):
        if os.path.isfile(place):
            raise StorageFault(
                f"{place} is a file; allowed is a folder", next="choose another folder with --store (SWEEP_STORE)"
            )
        return Folder(place, timing)
    from sweep.storage.bucket import bucket_at  # its clients take a while to import

    return bucket_at(place, timing or StoreTiming())


def check_writable(objects: Objects) -> None:
    """Write, read back and delete a small object.

    Raises:
        StorageFault: when that cannot be done.
    """
    name = f"writable-{uuid.uuid4().hex}"
    objects.write(name, b"ok")
    if objects.read(name) != b"ok":
        raise StorageFault(
            f"{objects.where(name)}: what was written could not be read back", next="choose another --store"
        )
    objects.delete(name)


def check_exclusive(objects: Objects) -> None:
    """Create a small object twice and delete it.

    Raises:
        StorageFault: when that cannot be done, or both calls created it.
    """
    name = f"link-{os.getpid()}"
    try:
        if not objects.create(name, b"1") or objects.create(name, b"2"):
            raise StorageFault(
                f"{objects.where(name)}: two writers both created it",
                next="choose a --store with hard links, or conditional PUTs",
            )
    finally:
        objects.delete(name)
