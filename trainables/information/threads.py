"""LEAF: work on several threads, over code that releases the GIL."""

import itertools
import threading
from collections.abc import Callable
from typing import TypeVar

import numba

OfThread = TypeVar("OfThread")

# Fewer pieces of work than these are done before a thread would have started.
FEWEST_CHUNKS = 4


def available_threads() -> int:
    """Number of threads that numba would use: NUMBA_NUM_THREADS, else the CPUs this process may run on."""
    return int(getattr(numba.config, "NUMBA_NUM_THREADS", 1))


def run_in_threads(work: Callable[[int, int], None], count: int, threads: int, chunk: int) -> None:
    """Call work(start, stop) until range(count) is covered, on at most `threads` threads, the calling one included.

    Plain threads over code that releases the GIL: unlike numba's own pools they survive a fork, nest, may be entered
    from several threads at once and leave no global thread count behind. Raises what `work` raised first.
    """
    gather_from_threads(lambda: None, lambda start, stop, _: work(start, stop), count, threads, chunk)


def gather_from_threads(
    begin: Callable[[], OfThread], work: Callable[[int, int, OfThread], None], count: int, threads: int, chunk: int
) -> list[OfThread]:
    """As `run_in_threads`, of work(start, stop, state) with a state of its own for each thread; the states."""
    if threads == 1 or count <= FEWEST_CHUNKS * chunk:
        state = begin()
        work(0, count, state)
        return [state]
    starts = itertools.count(0, chunk)
    states: list[OfThread] = []
    failures: list[BaseException] = []

    def drain() -> None:
        try:
            state = begin()
            states.append(state)
            while not failures and (start := next(starts)) < count:
                work(start, min(start + chunk, count), state)
        except BaseException as failure:
            failures.append(failure)

    helpers = [threading.Thread(target=drain, daemon=True) for _ in range(min(threads, -(-count // chunk)) - 1)]
    for helper in helpers:
        helper.start()
    drain()
    for helper in helpers:
        helper.join()
    if failures:
        raise failures[0]
    return states
