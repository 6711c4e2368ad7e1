"""One value under examination: its samples and options, and the work that several diagnostics share."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from hashlib import blake2b
from itertools import count

import numpy as np
import numpy.typing as npt

from trainables.information.estimators.formulas import ksg_bits
from trainables.information.estimators.ksg import Estimand, estimates, mutual_information
from trainables.information.estimators.settings import Settings
from trainables.information.host.pairs import HostPair, host_pair
from trainables.information.neighbors.queries import counts_within, joint_distances
from trainables.information.neighbors.space import Space
from trainables.information.pair import SCALES, Units
from trainables.information.results import PairEstimate
from trainables.information.samples import DegenerateInput, Floats

MOST_NEIGHBORS = 10
PARTS = (2, 4, 10)
"""Into how many disjoint parts the samples are split: halves and quarters also give the curve over N."""


@dataclass(frozen=True, eq=False)
class Case:
    """Samples x (N, dx) and y (N, dy) without noise, N > k, the estimator's options, and what it measured."""

    x: Floats
    y: Floats
    scale: str
    settings: Settings
    seed: int
    measured: PairEstimate

    @property
    def value(self) -> float:
        """The value under examination. Raises DegenerateInput where it does not exist."""
        value = self.measured.bits if self.scale == "none" else self.measured.balanced_bits
        if value is None:
            raise DegenerateInput(self.measured.reason or f"scale {self.scale!r} was not measured")
        return value

    def estimate(self, x: Floats, y: Floats, seed: int | None = None) -> float:
        """The value of other samples, or with another seed of the noise, all else equal."""
        seed = self.seed if seed is None else seed
        return mutual_information(x, y, self.scale, self.settings, seed).bits

    @cached_property
    def permutation(self) -> np.ndarray:
        """A random order of the rows: a function of the seed alone."""
        return np.random.default_rng((self.seed, 1)).permutation(len(self.x))

    @cached_property
    def part_values(self) -> dict[int, list[float]]:
        """By number of parts, the values of the disjoint random parts of equal size; only where parts exceed k."""
        # Each part has noise of its own, or ties would be broken alike in all of them.
        seeds = count(self.seed + 1)
        return {
            parts: [
                self.estimate(self.x[rows], self.y[rows], seed=next(seeds))
                for rows in np.array_split(self.permutation, parts)
            ]
            for parts in PARTS
            if len(self.x) // parts > self.settings.k
        }

    def _value_of_rectangles(self, k: int) -> float:
        pair = self._pair_of(k)
        (value,) = estimates([Estimand(pair, self.units, self.seed)], self.settings)
        if isinstance(value, DegenerateInput):
            raise value
        return value

    def _pair_of(self, k: int) -> HostPair:
        return host_pair(self.x, self.y, k, self.settings.noise, self.seed, self.settings.cpu_threads)

    @cached_property
    def row_digests(self) -> tuple[list[bytes], list[bytes]]:
        """For each row of x, and of y, 16 bytes that are equal where the rows are."""
        return _digests(self.x), _digests(self.y)

    @cached_property
    def distinct_rows(self) -> dict[str, int]:
        """The number of different rows of x, and of y."""
        return {name: len(set(digests)) for name, digests in zip("xy", self.row_digests, strict=True)}

    def codes(self, name: str) -> npt.NDArray[np.int64]:
        """(N,) whole numbers from 0 that are equal where the rows of x, or of y, are."""
        digests = self.row_digests["xy".index(name)]
        return np.unique(np.array([digest.hex() for digest in digests]), return_inverse=True)[1].astype(np.int64)

    @cached_property
    def pair(self) -> HostPair:
        """The samples with their noise, prepared for searches."""
        return self._pair_of(self.settings.k)

    @cached_property
    def units(self) -> Units:
        """The units of length of x and y on this scale. Raises DegenerateInput where it has none."""
        return SCALES[self.scale](self.pair)

    @cached_property
    def distances(self) -> Floats:
        """(N, K) joint distances to the nearest other points, ascending, K = max(10, k + 1) or N - 1 if that is less.

        In the pair's internal row order.
        """
        most = min(max(MOST_NEIGHBORS, self.settings.k + 1), len(self.x) - 1)
        return joint_distances(*self.spaces, self.units, most, self.settings.cpu_threads)

    @property
    def spaces(self) -> tuple[Space, Space]:
        """The prepared spaces of x and y, in the pair's internal row order."""
        return self.pair.x.space, self.pair.y.space

    def values_at(self, neighbors: Sequence[int]) -> dict[int, float]:
        """The values for other numbers of neighbors, each at most K, in unchanged units.

        One search serves them all, but for KSG-2, whose rectangles it does not give.
        """
        if self.settings.estimator == "ksg2":
            return {k: self._value_of_rectangles(k) for k in neighbors}
        radii = np.ascontiguousarray(self.distances[:, [k - 1 for k in neighbors]].T)
        x_counts, y_counts = (
            counts_within(space, [unit] * len(neighbors), radii, self.settings.cpu_threads)
            for space, unit in zip(self.spaces, self.units, strict=True)
        )
        return {
            k: ksg_bits(len(self.x), k, x_counts[place], y_counts[place], self.settings.base)
            for place, k in enumerate(neighbors)
        }


def _digests(samples: Floats) -> list[bytes]:
    # Adding zero turns -0.0 into 0.0.
    return [blake2b((row + 0.0).tobytes(), digest_size=16).digest() for row in samples]
