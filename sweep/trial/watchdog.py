"""How long a trial may take to its next epoch. If it takes longer, it prints its traceback, and its process ends."""

import faulthandler
from collections import deque
from collections.abc import Iterable
from statistics import median

FIRST_FACTOR = 6
"""The first epoch of an attempt may take this many times as long: it imports, loads, compiles and runs diagnostics."""

USUAL_FACTOR, LONGEST_FACTOR = 20, 3
"""Later ones may take so many times the median, or the longest so far: the last epoch has diagnostics, as the first."""

KEPT = 100


class Pace:
    """How long the epochs of a trial take, and how long the next one may."""

    def __init__(self, hang_seconds: float, epochs: Iterable[float] = ()) -> None:
        self._hang_seconds = hang_seconds
        self._latest: deque[float] = deque(maxlen=KEPT)
        self._longest = 0.0
        for seconds in epochs:
            self.add(seconds)

    def add(self, seconds: float) -> None:
        """One more epoch took that long."""
        self._latest.append(seconds)
        self._longest = max(self._longest, seconds)

    def allowance(self, is_first: bool) -> float:
        """Seconds that the trial may take to its next epoch, the first of its attempt or a later one."""
        usual = median(self._latest) if self._latest else 0.0
        floor = self._hang_seconds * (FIRST_FACTOR if is_first else 1)
        return max(floor, USUAL_FACTOR * usual, LONGEST_FACTOR * self._longest)


def watch(seconds: float, descriptor: int) -> None:
    """End this process after that many seconds, its traceback written to `descriptor`, unless called again before.

    The clock is a native thread, so that code which hangs without giving up Python's lock is ended too.
    """
    faulthandler.dump_traceback_later(seconds, exit=True, file=descriptor)


def unwatch() -> None:
    """Stop the clock."""
    faulthandler.cancel_dump_traceback_later()
