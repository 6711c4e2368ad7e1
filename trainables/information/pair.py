"""The contract between an estimator and two samples, on the host or on a device, and the scales of a pair.

`host.pairs.HostPair` and `device.ksg.DevicePair` fulfil it; neither knows the other.
"""

from collections.abc import Callable, Sequence
from typing import Literal, Protocol, Self

import numpy as np
import numpy.typing as npt

from trainables.information.samples import DegenerateInput, Floats

Counts = npt.NDArray[np.int64]

Units = tuple[float, float]
"""What distances in x, and in y, are divided by."""

Neighborhood = Literal["square", "rectangle"]
"""Within what an estimator counts: the joint k-th neighbor distance in both (KSG-1), or one extent for each (KSG-2)."""

# Below this a unit of length has too few digits left to divide by.
SMALLEST_UNIT = 1e-250


class Pair(Protocol):
    """Two samples x (N, dx) and y (N, dy) with their noise, and the number k of neighbors."""

    @property
    def n(self) -> int:
        """The number of samples."""

    @property
    def dims(self) -> tuple[int, int]:
        """The numbers of columns of x and y."""

    @property
    def k(self) -> int:
        """The number of neighbors."""

    def host_samples(self) -> tuple[Floats, Floats]:
        """x and y with their noise as numpy arrays."""

    def balanced_units(self) -> Units:
        """The median k-th neighbor distances of x and of y. Raises DegenerateInput where one is no unit of length."""

    @classmethod
    def counts(
        cls, scaled_pairs: Sequence[tuple[Self, Units]], neighborhood: Neighborhood
    ) -> list[tuple[Counts, Counts]]:
        """For each pair and its units the x counts and the y counts, (N,) each, in any order that both share.

        A count is the number of other points in the neighborhood of a point, strictly inside. Pairs come together
        so that pairs can share the work of a layer that they share. Raises ValueError for an unknown neighborhood.
        """


def _as_they_are(pair: Pair) -> Units:
    return 1.0, 1.0


def _balanced(pair: Pair) -> Units:
    return pair.balanced_units()


SCALES: dict[str, Callable[[Pair], Units]] = {"none": _as_they_are, "balanced": _balanced}


def as_unit(name: str, own_median: float, k: int, noise: float) -> float:
    """The own median of the layer of that name. Raises DegenerateInput where it cannot serve as a unit of length."""
    # Rows that coincide are at most one amplitude of the noise apart.
    if not own_median > max(2.0 * noise, SMALLEST_UNIT):
        raise DegenerateInput(
            f"{name} has no balanced scale: its median distance to neighbour number {k} is {own_median:g}, lost in the "
            f"tie-breaking noise ({noise:g}): at least half of its rows coincide with {k} others, or all its values "
            "are that small; more than half must be distinct, and values well above the noise"
        )
    return own_median
