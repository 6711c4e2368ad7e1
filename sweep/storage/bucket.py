"""Objects in a bucket: every write is one PUT of a whole object, through pyarrow's file systems."""

import contextlib
import functools
import hashlib
from collections.abc import Iterable, Mapping
from typing import Any

from pyarrow import fs

from sweep.errors import StorageFault
from sweep.storage.address import BucketAddress
from sweep.storage.bucket_client import explained, file_system
from sweep.storage.claim_lock import ClaimLock
from sweep.storage.conditional_put import ConditionalPut
from sweep.timing import StoreTiming

READS = 10


@functools.lru_cache(maxsize=16)
def bucket_at(address: BucketAddress, timing: StoreTiming | None = None) -> "Bucket":
    """The objects at that address; cached, so that a process shares one client and its connections."""
    return Bucket(address, timing)


class Bucket:
    """Named byte strings below a prefix of a bucket. A write is durable once the service has acknowledged it.

    A read returns one version of an object, whole. `create` is exclusive: by `ConditionalPut` if a test shows that the
    service refuses a second conditional PUT, else by `ClaimLock`.

    Renaming copies and deletes: a reader may see both objects, or the old one after the new one has been changed.

    Raises (all methods):
        StorageFault: when the service refuses or does not answer within seconds.
    """

    def __init__(self, address: BucketAddress, timing: StoreTiming | None = None) -> None:
        self._address, self._timing = address, timing or StoreTiming()

    def __reduce__(self) -> tuple[Any, ...]:
        return bucket_at, (self._address, self._timing)

    @property
    def settle_seconds(self) -> float:
        """Much longer than the time between reading an object and acting on it."""
        return self._timing.bucket_settle_seconds

    def where(self, name: str) -> str:
        """Its address."""
        return self._address.of(name)

    def write(self, name: str, data: bytes) -> None:
        """Put the object in place of any older one of that name."""
        with self._explained("write", name):
            stream = self._files.open_output_stream(self._key(name), compression=None)
            stream.write(data)
            stream.close()  # only now it is there; after an error above it never is

    def create(self, name: str, data: bytes) -> bool:
        """Write the object unless one of that name exists; whether this call did it."""
        return self._exclusive.create(name, data)

    def read(self, name: str) -> bytes | None:
        """The object, or None when there is none."""
        with self._explained("read", name):
            key = self._key(name)
            for tries_left in reversed(range(READS)):
                data = b""
                try:
                    with self._files.open_input_file(key) as file:
                        data = file.read_at(file.size(), 0)
                except FileNotFoundError:
                    return None
                except OSError:  # it may have been deleted, or replaced by a shorter one, since its size was read
                    if not tries_left:
                        raise
                # If the object was replaced since its size was read, this may be a part of the new one.
                now = self._files.get_file_info(key)
                if now.type is fs.FileType.NotFound:
                    return None
                if now.size == len(data):
                    return data
        raise StorageFault(f"cannot read {self.where(name)}: it changes continually", next="the same again")

    def names(self, folder: str) -> list[str]:
        """Sorted last parts of the names in a folder; none when there is none."""
        return sorted(info.base_name for info in self.listed(folder) if not info.base_name.startswith("."))

    def marks(self, folder: str) -> Mapping[str, str]:
        """For each part below the folder, a digest of its objects' names, sizes and times; takes one listing."""
        start = len(self._key(folder)) + 1
        digests: dict[str, Any] = {}
        for info in self.listed(folder, recursive=True):
            part = info.path[start:].partition("/")[0]
            if info.type is fs.FileType.File:
                digests.setdefault(part, hashlib.sha256()).update(_version(info).encode())
        return {part: digest.hexdigest() for part, digest in digests.items()}

    def mark(self, folder: str) -> str:
        """A digest of the names, sizes and times of its objects."""
        versions = "".join(_version(info) for info in self.listed(folder) if info.type is fs.FileType.File)
        return hashlib.sha256(versions.encode()).hexdigest() if versions else ""

    def exclusive(self, folder: str) -> contextlib.AbstractContextManager[None]:
        """Nothing: a bucket has no locks."""
        return contextlib.nullcontext()

    def rename(self, name: str, new_name: str) -> None:
        """Give an object another name."""
        with self._explained("rename", name):
            self._files.move(self._key(name), self._key(new_name))

    def delete(self, name: str) -> None:
        """Remove the object; nothing happens when there is none."""
        with self._explained("delete", name), contextlib.suppress(FileNotFoundError):
            self._files.delete_file(self._key(name))

    def clear_leftovers(self, folders: Iterable[str]) -> int:
        """Delete the claims of dead writers in these folders; a PUT leaves nothing behind."""
        return self._exclusive.clear_leftovers(folders)

    def listed(self, folder: str, recursive: bool = False) -> list[fs.FileInfo]:
        """The objects in a folder, sorted, hidden names too, with their times by the service's clock."""
        with self._explained("list", folder):
            selector = fs.FileSelector(self._key(folder), allow_not_found=True, recursive=recursive)
            infos: list[fs.FileInfo] = sorted(self._files.get_file_info(selector), key=lambda info: info.path)
            return infos

    def _key(self, name: str) -> str:
        return self._address.key(name)

    def _explained(self, action: str, name: str) -> contextlib.AbstractContextManager[None]:
        return explained(action, self.where(name))

    @functools.cached_property
    def _files(self) -> fs.FileSystem:
        """The file system, after a check that the bucket exists: else its objects would only look absent."""
        files = file_system(self._address)
        if files.get_file_info(self._address.bucket).type is fs.FileType.NotFound:
            raise OSError(f"NO_SUCH_BUCKET: {self._address.bucket}")
        return files

    @functools.cached_property
    def _exclusive(self) -> "ConditionalPut | ClaimLock":
        if self._address.kind == "s3":
            conditional = ConditionalPut(self._address, self.read)
            if conditional.is_obeyed():
                return conditional
        return ClaimLock(self, self._timing.claim)


def _version(info: fs.FileInfo) -> str:
    return f"{info.path} {info.size} {info.mtime_ns}\n"
