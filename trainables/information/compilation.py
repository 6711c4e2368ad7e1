"""LEAF: how kernels are compiled and run: cached on disk if possible, without the GIL, on the threads asked for."""

import hashlib
import itertools
import threading
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

import numba

Function = TypeVar("Function", bound=Callable[..., Any])
State = TypeVar("State")

# Fewer pieces of work than these are done before a thread would have started.
FEWEST_CHUNKS = 4


def compiled(function: Function) -> Function:
    """The function as machine code that releases the GIL, cached across processes; it must not create arrays.

    Without numba's counting of references, which would cost more than the work between two of them. Numba caches beside
    the source, else in the user's cache folder, and refuses to decorate where neither can be written. An import must
    not fail for that, so there the code is compiled anew in each process.
    """
    return _compiled(function)


def compiled_into_callers(function: Function) -> Function:
    """As `compiled`, but copied into each caller: handing over a dozen arrays would cost more than its work."""
    return _compiled(function, forceinline=True)


def compiled_for_finite(function: Function) -> Function:
    """As `compiled`, and where all numbers are finite and zeros have no sign: maxima may then be taken in any order."""
    return _compiled(function, fastmath={"nnan", "nsz"})


def _compiled(function: Function, **options: Any) -> Function:
    options |= {"nogil": True, "error_model": "numpy", "_nrt": False}
    try:
        machine_code: Any = numba.njit(cache=True, **options)(function)
    except RuntimeError:
        uncached: Any = numba.njit(**options)(function)
        return uncached
    # Numba asks whether the function's own file has changed; what it calls lies in others.
    machine_code._cache._cache_file._source_stamp = _sources()
    return machine_code


@cache
def _sources() -> str:
    """A digest of every file of this package."""
    digest = hashlib.sha256()
    for path in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(path.name.encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


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
    begin: Callable[[], State], work: Callable[[int, int, State], None], count: int, threads: int, chunk: int
) -> list[State]:
    """As `run_in_threads`, of work(start, stop, state) with a state of its own for each thread; the states."""
    if threads == 1 or count <= FEWEST_CHUNKS * chunk:
        state = begin()
        work(0, count, state)
        return [state]
    starts = itertools.count(0, chunk)
    states: list[State] = []
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
