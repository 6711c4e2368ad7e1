"""How a run ends before its work is done: in order when first asked, at once when asked again."""

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import NoReturn

from rich.console import Console

from sweep.errors import ClusterUnusable, Interrupted, SweepError
from sweep.store import StopRequest
from sweep.system.processes import kill_children

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Stopping:
    """Takes signals, and requests through the store; the first sets `asked`, the second ends the process.

    In order means: no new trials, snapshots of those that run, exit code 5. At once means: every process that this one
    started is killed, `last_acts` are done, and the process ends with the same exit code; what was committed stays.
    """

    def __init__(self, asked: threading.Event, console: Console, again: str, at_once: str) -> None:
        self._asked, self._console, self._again, self._at_once = asked, console, again, at_once
        self._is_ending = False
        self.last_acts: list[Callable[[], object]] = []

    @contextmanager
    def on_signals(self) -> Iterator[None]:
        """Take SIGINT, SIGTERM and SIGHUP while in the block; a SIGHUP that is ignored, as by nohup, stays so."""

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
        """Do what was asked through the store."""
        who = f"asked to stop by {request.by}"
        if request.now:
            self._end_as_asked(who)
        self.ask(who, f"to stop at once: {self._at_once}", is_request=True)

    def on_loss(self) -> None:
        """Stop in order, as another driver has taken the sweep over."""
        self._asked.set()
        self._console.print("another driver has taken this sweep over: stopping", style="yellow")

    def ask(self, who: str, more: str, is_request: bool = False) -> None:
        """Stop in order; a signal that comes after that ends the process at once."""
        if self._is_ending and not is_request:
            self._end_as_asked(who)
        self._is_ending = True
        self._asked.set()
        self._console.print(f"{who}: taking snapshots, then stopping; {more}", style="yellow", soft_wrap=True)

    def on_head_loss(self, what: str) -> None:
        """End at once, as Ray can do nothing without its head.

        It may have got the same signal: schedulers and `timeout` send theirs to every process that they started.
        """
        kept = "what was committed is kept"
        if self._is_ending:
            self._end(Interrupted(f"{what} before all snapshots were taken; {kept}", next=self._again))
        self._end(ClusterUnusable(f"{what}; {kept}", next=self._again))

    def _end_as_asked(self, who: str) -> NoReturn:
        self._end(Interrupted(f"{who}: stopped at once; what was committed is kept", next=self._again))

    def _end(self, why: SweepError) -> NoReturn:
        kill_children()
        for act in reversed(self.last_acts):
            with suppress(Exception):
                act()
        with suppress(Exception):
            self._console.print(f"sweep: {why}", style="red", soft_wrap=True)
        os._exit(why.exit_code)
