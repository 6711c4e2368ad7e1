"""A layer prepared once for every pair that it is in."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from trainables.information.neighbors.ordering import spatial_order
from trainables.information.neighbors.queries import own_radii
from trainables.information.neighbors.simd import LANES
from trainables.information.neighbors.space import Space, prepare
from trainables.information.pair import as_unit
from trainables.information.samples import Floats, Noisy


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
        """Median distance of a point to its k-th nearest neighbor in this layer alone."""
        return float(np.median(own_radii(self.space, self.k, self.threads)))

    def balanced_unit(self) -> float:
        """The own median, where it can serve as a unit of length. Raises DegenerateInput where it cannot."""
        return as_unit(self.name, self.own_median, self.k, self.noise)
