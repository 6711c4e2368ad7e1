"""Detects the loss of a Ray cluster's head: without it Ray waits, and then ends the driver's process by itself."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from sweep.system.network import check_port
from sweep.timing import HeadTiming


@contextmanager
def head_watched(address: str, on_loss: Callable[[str], None], timing: HeadTiming | None = None) -> Iterator[None]:
    """While in the block a thread tries the port at HOST:PORT; `on_loss` is called, once, with the message."""
    left = threading.Event()
    watching = (address, on_loss, left, timing or HeadTiming())
    threading.Thread(target=_watch, args=watching, name="head", daemon=True).start()
    try:
        yield
    finally:
        left.set()


def _watch(address: str, on_loss: Callable[[str], None], left: threading.Event, timing: HeadTiming) -> None:
    answered = time.monotonic()
    while not left.wait(timing.probe_seconds):
        try:
            check_port(address, timing.probe_seconds)
            answered = time.monotonic()
        except OSError:
            if time.monotonic() - answered > timing.silence_seconds and not left.is_set():
                on_loss(f"the head of the Ray cluster at {address} is lost")
                return
