"""Whether the head of a Ray cluster still answers: without it Ray waits, and then ends the driver in its own way."""

import socket
import threading
import time
from collections.abc import Callable
from types import TracebackType
from typing import Self

KNOCK_SECONDS = 2.0
"""How often the head is knocked at, and how long it may take to open."""

SILENCE_SECONDS = 20.0
"""A head that did not open for so long is lost; Ray itself would end the driver after 60 s."""


class HeadWatch:
    """While in the `with` block a thread knocks at `address`; `on_loss` is called, once, with what to say of it."""

    def __init__(self, address: str, on_loss: Callable[[str], None]) -> None:
        self._address, self._on_loss = address, on_loss
        self._left = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="head", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._left.set()

    def _watch(self) -> None:
        opened = time.monotonic()
        while not self._left.wait(KNOCK_SECONDS):
            if opens(self._address, KNOCK_SECONDS):
                opened = time.monotonic()
            elif time.monotonic() - opened > SILENCE_SECONDS and not self._left.is_set():
                self._on_loss(f"the head of the Ray cluster at {self._address} is lost")
                return


def opens(address: str, seconds: float) -> bool:
    """Whether something listens at HOST:PORT, asked for at most so long."""
    host, _, port = address.rpartition(":")
    try:
        socket.create_connection((host.strip("[]"), int(port)), timeout=seconds).close()
    except OSError:
        return False
    return True
