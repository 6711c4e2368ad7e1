"""NPEET itself (npeet_plus), the reference that the fast estimator must agree with. Slow: minutes at N = 10,000."""

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np

from trainables.information.samples import DegenerateInput, Floats


def npeet_bits(x: Floats, y: Floats, k: int, base: float, seed: int) -> float:
    """`npeet_plus.mi(x, y, k=k, base=base)` with its global generator seeded for the call and restored after it.

    Known defect, kept: NPEET subtracts 1e-15 from each radius, which is lost for radii of 16 and more.
    Raises DegenerateInput where NPEET's value is not finite.
    """
    from npeet_plus import mi

    with _global_seed(seed), np.errstate(all="ignore"):
        value = float(mi(x, y, k=k, base=base))
    if not np.isfinite(value):
        raise DegenerateInput(f"NPEET gives {value}: some points coincide with {k} others even after its noise")
    return value


@contextmanager
def _global_seed(seed: int) -> Iterator[None]:
    state = np.random.get_state()
    np.random.seed(seed)
    try:
        yield
    finally:
        np.random.set_state(state)
