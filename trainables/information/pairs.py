"""A pair of samples prepared once for all its estimates, and the scales on which its joint distance can be taken."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from trainables.information.neighbours import Counts, counts_within, joint_radii, own_radii
from trainables.information.ordering import spatial_order
from trainables.information.samples import DegenerateInput, Floats
from trainables.information.simd import LANES
from trainables.information.spaces import Space, prepare

Units = tuple[float, float]
Number = TypeVar("Number", bound=np.generic)

# Below this a unit of length has too few digits left to divide by.
SMALLEST_UNIT = 1e-250


@dataclass(frozen=True, eq=False)
class Pair:
    """Samples x (N, dx) and y (N, dy), noise already added, with the work that several estimates share.

    Radii and counts come back in the caller's row order, and depend neither on the internal order nor on the threads.
    """

    x: Floats
    y: Floats
    k: int
    noise: float
    threads: int

    @cached_property
    def order(self) -> npt.NDArray[np.int64]:
        """The internal row order of both spaces."""
        return spatial_order(self.x, self.y, leaf=LANES)

    @cached_property
    def spaces(self) -> tuple[Space, Space]:
        """x and y prepared in the internal order."""
        return prepare(self.x, self.order, self.threads), prepare(self.y, self.order, self.threads)

    @cached_property
    def own_medians(self) -> Units:
        """Median distance of a point of x, and of y, to its k-th nearest neighbour in that space alone."""
        x, y = (float(np.median(own_radii(space, self.k, self.threads))) for space in self.spaces)
        return x, y

    def balanced_units(self) -> Units:
        """The own medians, where they can serve as units of length. Raises DegenerateInput where they cannot."""
        for name, median in zip("xy", self.own_medians, strict=True):
            # Rows that coincide are at most one amplitude of the noise apart.
            if not median > max(2.0 * self.noise, SMALLEST_UNIT):
                raise DegenerateInput(
                    f"{name} has no balanced scale: its median distance to neighbour number {self.k} is {median:g}, "
                    f"no more than the tie-breaking noise ({self.noise:g}), since at least half of its rows coincide "
                    f"with {self.k} others; more than half must be distinct"
                )
        return self.own_medians

    def neighbours(self, units: Units = (1.0, 1.0)) -> tuple[Floats, Counts, Counts]:
        """(radii, x counts, y counts), each (N,): the joint k-th neighbour distance, other points strictly nearer.

        Distances in x are divided by units[0] and in y by units[1].
        """
        x, y = self.spaces
        radii = joint_radii(x, y, units, self.k, self.threads)
        x_counts, y_counts = (
            counts_within(space, unit, radii, self.threads) for space, unit in zip((x, y), units, strict=True)
        )
        return self._restored(radii), self._restored(x_counts), self._restored(y_counts)

    def counts(self, units: Units = (1.0, 1.0)) -> tuple[Counts, Counts]:
        """The counts of `neighbours`."""
        _, x_counts, y_counts = self.neighbours(units)
        return x_counts, y_counts

    def _restored(self, values: npt.NDArray[Number]) -> npt.NDArray[Number]:
        restored = np.empty_like(values)
        restored[self.order] = values
        return restored


def _as_they_are(pair: Pair) -> Units:
    return 1.0, 1.0


SCALES: dict[str, Callable[[Pair], Units]] = {"none": _as_they_are, "balanced": Pair.balanced_units}
