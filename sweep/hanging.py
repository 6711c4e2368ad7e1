"""How long a trial may be silent. One that is silent for longer shows where it stands, and its process ends."""

import faulthandler
import os

HANG_SECONDS = float(os.environ.get("SWEEP_HANG_SECONDS", "600"))
"""A trial may always take this long to its next epoch."""

FIRST_FACTOR = 6
"""The first epoch of an attempt may take this many times as long: it imports, loads, compiles and examines."""

USUAL_FACTOR = 20
"""Later ones may also take this many times as long as the longest epoch so far."""


def allowance(longest: float, is_first: bool) -> float:
    """Seconds that a trial may take to its next epoch, when its longest epoch so far took `longest`."""
    return max(HANG_SECONDS * (FIRST_FACTOR if is_first else 1), USUAL_FACTOR * longest)


def watch(seconds: float, descriptor: int) -> None:
    """End this process after that many seconds, its traceback written to `descriptor`, unless called again before.

    The clock is a native thread, so that code which hangs without giving up Python's lock is ended too.
    """
    faulthandler.dump_traceback_later(seconds, exit=True, file=descriptor)


def unwatch() -> None:
    """Nothing is due: stop the clock."""
    faulthandler.cancel_dump_traceback_later()
