"""Stops a run before its end: in order at the first request, at once at the second."""

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import NoReturn

from rich.console import Console

from sweep.console import say_error, warn
from sweep.errors import ClusterUnusable, Interrupted, SweepError
from sweep.store import StopRequest
from sweep.system.processes import kill_children

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Stopping:
    """Handles signals and stop requests in the store: the first sets `asked`, a second signal ends the process.

    In order: no new trials start, those that run take snapshots, and the exit code is 5. At once: every process that
    this one started is killed, `last_acts` are called, and this process ends with the same exit code; what was
    committed is kept.
    """

    def __init__(self, asked: threading.Event, console: Console, again: str, at_once: str) -> None:
        self._asked, self._console, self._again, self._at_once = asked, console, again, at_once
        self._is_ending = False
        self.last_acts: list[Callable[[], object]] = []

    @contextmanager
    def on_signals(self) -> Iterator[None]:
        """While in the block, handle SIGINT, SIGTERM and SIGHUP; an ignored SIGHUP, as with nohup, stays ignored."""

        def handle(number: int, _frame: FrameType | None) -> None:
            self.ask(signal.Signals(number).name, "once more to stop at once")

        taken = [number for number in SIGNALS if signal.getsignal(number) is not signal.SIG_IGN]
        earlier = {number: signal.signal(number, handle) for number in taken}
        try:
            yield
        finally:
            for number, handler in earlier.items():
                signal.signal(number, handler)

    def on_request(self, request: StopRequest) -> None:
        """Stop as a request in the store asks."""
        reason = f"asked to stop by {request.by}"
        if request.now:
            self._end_as_asked(reason)
        self.ask(reason, f"to stop at once: {self._at_once}", is_request=True)

    def on_loss(self) -> None:
        """Stop in order, as another driver has taken the sweep over."""
        self._asked.set()
        warn("another driver has taken this sweep over: stopping", self._console)

    def ask(self, reason: str, hint: str, is_request: bool = False) -> None:
        """Stop in order; if the run is stopping already, a signal ends the process at once."""
        if self._is_ending and not is_request:
            self._end_as_asked(reason)
        self._is_ending = True
        self._asked.set()
        warn(f"{reason}: taking snapshots, then stopping; {hint}", self._console)

    def on_cluster_loss(self, message: str) -> None:
        """End at once, as Ray can do nothing without its head and the driver's node.

        The head may have received the same signal: schedulers and `timeout` signal every process that they started.
        """
        kept = "what was committed is kept"
        if self._is_ending:
            self._end(Interrupted(f"{message} before all snapshots were taken; {kept}", next=self._again))
        self._end(ClusterUnusable(f"{message}; {kept}", next=self._again))

    def _end_as_asked(self, reason: str) -> NoReturn:
        self._end(Interrupted(f"{reason}: stopped at once; what was committed is kept", next=self._again))

    def _end(self, error: SweepError) -> NoReturn:
        kill_children()
        for act in reversed(self.last_acts):
            with suppress(Exception):
                act()
        with suppress(Exception):
            say_error(error, self._console)
        os._exit(error.exit_code)
