"""What a measure of the ladder is: how it is called, what it gives, and under which maps it claims to stay the same."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy.typing as npt

from trainables.information.credibility.wording import NEAR_CEILING
from trainables.information.device import to_host
from trainables.information.estimators.settings import Settings
from trainables.information.samples import DegenerateInput, as_samples

MAPS = {
    "exchange": "x and y change places",
    "common factor": "both sides times one positive number",
    "global factor": "one side times a positive number",
    "translation": "a constant of its own added to each unit of one side",
    "factor per unit": "each unit of one side times a positive number of its own",
    "monotone per unit": "each unit of one side through a strictly increasing function of its own",
    "rotation": "one side times an orthogonal matrix",
    "affine": "one side times an invertible matrix, plus a constant",
}
"""Maps of a pair under all of which mutual information itself stays the same."""

IMPLIED = {
    "global factor": ("common factor",),
    "factor per unit": ("global factor",),
    "monotone per unit": ("factor per unit", "translation"),
    "affine": ("rotation", "factor per unit", "translation"),
}
"""Maps that are special cases of another: who is invariant under the one is so under these."""


@dataclass(frozen=True, slots=True)
class MeasuredValue:
    """One value of a measure; None is what it does not have.

    value: in `unit`; None where the samples allow none, `reason` says why. standard_error: of what, the measure says.
    lower, upper: bounds of the quantity that is estimated. ceiling: the most that so many samples can give, whatever
    the truth; saturated: whether the value comes so near that the truth may be far larger.
    """

    value: float | None
    unit: str = "bits"
    standard_error: float | None = None
    lower: float | None = None
    upper: float | None = None
    ceiling: float | None = None
    saturated: bool | None = None
    reason: str | None = None


Estimate = Callable[[npt.NDArray[Any], npt.NDArray[Any], Settings, int], MeasuredValue]
"""(x, y, settings, seed) -> value, of finite samples (N, dx) and (N, dy), N > k. May raise DegenerateInput."""


@dataclass(frozen=True)
class Measure:
    """A rung of the ladder. name: the quantity. scale: what it is measured in units of, which decides what moves it.

    invariances: names of `MAPS` under which the value stays the same but for rounding and for how ties are broken, or,
    for those of them that stand in `within_error` too, but for its standard error. A map that does not stand there
    moves it.
    shows: what it can and cannot show, in one sentence.
    """

    name: str
    scale: str
    shows: str
    estimate: Estimate
    invariances: frozenset[str]
    within_error: frozenset[str] = frozenset()
    unit: str = "bits"

    @property
    def key(self) -> str:
        """The name in the registry: ksg/balanced."""
        return f"{self.name}/{self.scale}"

    def __call__(
        self, x: npt.ArrayLike, y: npt.ArrayLike, *, k: int = 3, seed: int = 0, threads: int | None = None
    ) -> MeasuredValue:
        """The value of N samples x (N, dx) and y (N, dy); further axes are flattened. Arrays of a device are copied.

        k: neighbors, where the measure has some; of everything that is drawn `seed` decides. Equal seeds give equal
        bits for any number of threads (None for all). Samples that allow no value (NaN, infinities, unequal or too
        few rows, N <= k, and what the measure itself cannot do) give None and a reason, never an exception.

        Raises:
            ValueError: for a wrong k or number of threads.
        """
        settings = Settings(k, threads=threads, device=False)
        try:
            return self.estimate(*as_samples(to_host(x), to_host(y), k), settings, seed)
        except DegenerateInput as degenerate:
            return MeasuredValue(None, self.unit, reason=str(degenerate))


def all_of(*maps: str) -> frozenset[str]:
    """These maps and all that are special cases of them."""
    found: set[str] = set()
    waiting = list(maps)
    while waiting:
        name = waiting.pop()
        found.add(name)
        waiting += IMPLIED.get(name, ())
    return frozenset(found)


def is_saturated(value: float, ceiling: float) -> bool:
    """Whether a value is so near the most that N samples can give that it says little more than that."""
    return value >= NEAR_CEILING * ceiling
