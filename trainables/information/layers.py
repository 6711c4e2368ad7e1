"""A layer prepared once for every pair that it is in."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from trainables.information.neighbours import own_radii
from trainables.information.ordering import spatial_order
from trainables.information.samples import DegenerateInput, Floats, Noisy
from trainables.information.simd import LANES
from trainables.information.spaces import Space, prepare

# Below this a unit of length has too few digits left to divide by.
SMALLEST_UNIT = 1e-250


@dataclass(frozen=True, eq=False)
class RowOrder:
    """The internal row order that layers of equally many rows share; found when first needed."""

    samples: tuple[Floats, ...]

    @cached_property
    def rows(self) -> npt.NDArray[np.int64]:
        """(N,) the caller's row at each internal place."""
        return spatial_order(*self.samples, leaf=LANES)


@dataclass(frozen=True, eq=False)
class Layer:
    """Samples (N, d) of one variable, with the work that its pairs share. noise: the amplitude of what broke ties."""

    name: str
    samples: Noisy
    order: RowOrder
    k: int
    noise: float
    threads: int

    @cached_property
    def space(self) -> Space:
        """The samples in the internal row order."""
        return prepare(self.samples.drawn(), self.order.rows, self.threads)

    @cached_property
    def own_median(self) -> float:
        """Median distance of a point to its k-th nearest neighbour in this layer alone."""
        return float(np.median(own_radii(self.space, self.k, self.threads)))

    def balanced_unit(self) -> float:
        """The own median, where it can serve as a unit of length. Raises DegenerateInput where it cannot."""
        return as_unit(self.name, self.own_median, self.k, self.noise)


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
