"""Whether the head of a Ray cluster still answers: without it Ray waits, and then ends the driver in its own way."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

KNOCK_SECONDS = 2.0
"""How often the head is knocked at, and how long it may take to open."""

SILENCE_SECONDS = 20.0
"""A head that did not open for so long is lost; Ray itself would end the driver after 60 s."""


@contextmanager
def head_watched(address: str, on_loss: Callable[[str], None]) -> Iterator[None]:
    """While in the block a thread knocks at HOST:PORT; `on_loss` is called, once, with what to say of it."""
    left = threading.Event()
    threading.Thread(target=_watch, args=(address, on_loss, left), name="head", daemon=True).start()
    try:
        yield
    finally:
        left.set()


def _watch(address: str, on_loss: Callable[[str], None], left: threading.Event) -> None:
    opened = time.monotonic()
    while not left.wait(KNOCK_SECONDS):
        if _opens(address):
            opened = time.monotonic()
        elif time.monotonic() - opened > SILENCE_SECONDS and not left.is_set():
            on_loss(f"the head of the Ray cluster at {address} is lost")
            return


def _opens(address: str) -> bool:
    host, _, port = address.rpartition(":")
    try:
        socket.create_connection((host.strip("[]"), int(port)), timeout=KNOCK_SECONDS).close()
    except OSError:
        return False
    return True
