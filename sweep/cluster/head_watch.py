"""Detects the loss of a Ray cluster's head: without it Ray waits, and then ends the driver's process by itself."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from sweep.system.network import check_port

PROBE_SECONDS = 2.0
"""How often the head's port is tried, and how long it may take to open."""

SILENCE_SECONDS = 20.0
"""A head whose port did not open for so long counts as lost; Ray itself would end the driver after 60 s."""


@contextmanager
def head_watched(address: str, on_loss: Callable[[str], None]) -> Iterator[None]:
    """While in the block a thread tries the port at HOST:PORT; `on_loss` is called, once, with the message."""
    left = threading.Event()
    threading.Thread(target=_watch, args=(address, on_loss, left), name="head", daemon=True).start()
    try:
        yield
    finally:
        left.set()


def _watch(address: str, on_loss: Callable[[str], None], left: threading.Event) -> None:
    answered = time.monotonic()
    while not left.wait(PROBE_SECONDS):
        try:
            check_port(address, PROBE_SECONDS)
            answered = time.monotonic()
        except OSError:
            if time.monotonic() - answered > SILENCE_SECONDS and not left.is_set():
                on_loss(f"the head of the Ray cluster at {address} is lost")
                return
