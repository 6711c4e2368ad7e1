"""Failpoints: every call by which a store changes a disk or a bucket, counted, refused, or the last of a process."""

import errno
import os
import signal
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError

from sweep.storage.bucket import Bucket
from sweep.storage.conditional_put import ConditionalPut

CHANGES = ("mkdir", "open", "write", "fsync", "close", "replace", "link", "unlink")


class Killed(BaseException):
    """Stands for a SIGKILL: nothing that the process would do afterwards is done."""


class Disk:
    """The `os` module of the store, with `fault` in place of the step of that number; steps count from 1.

    A write that is cut short by the fault has written half of its bytes.
    """

    def __init__(self, step: int = 0, fault: Callable[[], None] = lambda: None, forever: bool = True) -> None:
        self._step, self._fault, self._forever = step, fault, forever
        self.done: list[tuple[str, str]] = []
        self._names: dict[int, str] = {}

    def __getattr__(self, name: str) -> Any:
        real = getattr(os, name)
        if name not in CHANGES:
            return real

        def change(*arguments: Any, **options: Any) -> Any:
            number = len(self.done) + 1
            what = self._names.get(arguments[0], "") if isinstance(arguments[0], int) else str(arguments[0])
            self.done.append((name, what))
            if number == self._step or (self._forever and 0 < self._step < number):
                if name == "write":
                    os.write(arguments[0], bytes(arguments[1])[: len(arguments[1]) // 2])
                if name == "close":
                    os.close(arguments[0])
                self._fault()
            made = real(*arguments, **options)
            if name == "open":
                self._names[made] = what
            return made

        return change

    def install(self, patch: pytest.MonkeyPatch) -> "Disk":
        """Let the store work on this disk."""
        patch.setattr("sweep.storage.folder.os", self)
        return self


def die() -> None:
    """As if killed."""
    raise Killed


def kill_itself() -> None:
    """Really killed."""
    os.kill(os.getpid(), signal.SIGKILL)


def no_space() -> None:
    """The disk is full."""
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


class Requests:
    """The requests by which a store changes a bucket, with `fault` at the moment of that number; they count from 1.

    Each request has two moments: before it is sent, and when it was done but its answer has not come.
    """

    def __init__(self, step: int = 0, fault: Callable[[], None] = lambda: None, forever: bool = True) -> None:
        self._step, self._fault, self._forever = step, fault, forever
        self.done: list[tuple[str, str]] = []

    def install(self, patch: pytest.MonkeyPatch) -> "Requests":
        """Let stores send their requests through here."""
        files = Bucket.__dict__["_files"].func
        put = ConditionalPut._put
        patch.setattr(Bucket, "_files", property(lambda bucket: _Counted(files(bucket), self.change)))
        patch.setattr(ConditionalPut, "_put", lambda one, name, data: self._put(name, lambda: put(one, name, data)))
        return self

    def change(self, what: str, name: str, act: Callable[[], Any]) -> Any:
        self._moment(f"{what} sent", name)
        made = act()
        self._moment(f"{what} done", name)
        return made

    def _put(self, name: str, act: Callable[[], int]) -> int:
        try:
            return int(self.change("create", name, act))
        except OSError as error:
            raise EndpointConnectionError(endpoint_url="http://nowhere") from error

    def _moment(self, what: str, name: str) -> None:
        self.done.append((what, name))
        if len(self.done) == self._step or (self._forever and 0 < self._step < len(self.done)):
            self._fault()


class _Counted:
    """A file system whose changes are counted; a renaming is a copy and a deletion."""

    def __init__(self, files: Any, change: Callable[[str, str, Callable[[], Any]], Any]) -> None:
        self._files, self._change = files, change

    def __getattr__(self, name: str) -> Any:
        return getattr(self._files, name)

    def open_output_stream(self, key: str, **options: Any) -> "_Stream":
        return _Stream(lambda data: self._change("write", key, lambda: self._write(key, data, **options)))

    def delete_file(self, key: str) -> None:
        self._change("delete", key, lambda: self._files.delete_file(key))

    def move(self, key: str, new_key: str) -> None:
        self._change("copy", key, lambda: self._files.copy_file(key, new_key))
        self.delete_file(key)

    def _write(self, key: str, data: bytes, **options: Any) -> None:
        with self._files.open_output_stream(key, **options) as stream:
            stream.write(data)


class _Stream:
    def __init__(self, put: Callable[[bytes], None]) -> None:
        self._put, self._data = put, b""

    def write(self, data: bytes) -> None:
        self._data += bytes(data)

    def close(self) -> None:
        self._put(self._data)


def no_answer() -> None:
    """The service cannot be reached."""
    raise OSError("AWS Error NETWORK_CONNECTION: as if the network were down")
