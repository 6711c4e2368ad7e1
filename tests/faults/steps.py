"""Failpoints: every call by which the store changes a disk, counted, refused, or the last that a process makes."""

import errno
import os
import signal
from collections.abc import Callable
from typing import Any

import pytest

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
        patch.setattr("sweep.objects.os", self)
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
