"""LEAF: how kernels are compiled and run: cached on disk if possible, without the GIL, on the threads asked for."""

import hashlib
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

import numba

Function = TypeVar("Function", bound=Callable[..., Any])


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
