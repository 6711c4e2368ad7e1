"""Detects the loss of a Ray cluster's head, or of the driver's own node: without it Ray waits, perhaps for ever."""

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from sweep.system.network import check_port
from sweep.timing import HeadTiming


@contextmanager
def ports_watched(
    ports: Mapping[str, str], on_loss: Callable[[str], None], timing: HeadTiming | None = None
) -> Iterator[None]:
    """While in the block a thread for each tries these ports; `on_loss` is called, once for each, with the message.

    ports: by what each belongs to, as it is told, HOST:PORT.
    """
    left = threading.Event()
    for owner, address in ports.items():
        watching = (owner, address, on_loss, left, timing or HeadTiming())
        threading.Thread(target=_watch, args=watching, name=f"port {address}", daemon=True).start()
    try:
        yield
    finally:
        left.set()


def _watch(owner: str, address: str, on_loss: Callable[[str], None], left: threading.Event, timing: HeadTiming) -> None:
    answered = time.monotonic()
    while not left.wait(timing.probe_seconds):
        try:
            check_port(address, timing.probe_seconds)
            answered = time.monotonic()
        except OSError:
            if time.monotonic() - answered > timing.silence_seconds and not left.is_set():
                on_loss(f"{owner} at {address} is lost")
                return
