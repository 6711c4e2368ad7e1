"""Pairs of layers on the host: their units, the radii of their neighborhoods, and the counts within these."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from trainables.information.host.layers import Layer, RowOrder
from trainables.information.neighbors.queries import counts_within, joint_radii, joint_rectangles
from trainables.information.pair import Counts, Neighborhood, Units
from trainables.information.samples import Floats, Noisy


@dataclass(frozen=True, eq=False)
class HostPair:
    """Two layers of equally many rows, in one internal row order; fulfils the contract `Pair`.

    Radii and counts in the caller's row order depend neither on the internal order nor on the threads.
    """

    x: Layer
    y: Layer

    @property
    def n(self) -> int:
        """The number of samples."""
        return len(self.x.samples)

    @property
    def dims(self) -> tuple[int, int]:
        """The numbers of columns of x and y."""
        return self.x.samples.width, self.y.samples.width

    @property
    def k(self) -> int:
        """The number of neighbors."""
        return self.x.k

    def host_samples(self) -> tuple[Floats, Floats]:
        """x and y with their noise."""
        return self.x.samples.drawn(), self.y.samples.drawn()

    def balanced_units(self) -> Units:
        """The layers' own medians. Raises DegenerateInput where one cannot serve as a unit of length."""
        return self.x.balanced_unit(), self.y.balanced_unit()

    @classmethod
    def counts(
        cls, scaled_pairs: Sequence[tuple[HostPair, Units]], neighborhood: Neighborhood
    ) -> list[tuple[Counts, Counts]]:
        """The x and y counts of each pair in its units, internal order: every layer is searched once for all radii."""
        searches: dict[Layer, list[tuple[int, int, float, Floats]]] = {}
        for place, (pair, units) in enumerate(scaled_pairs):
            for side, radii in enumerate(pair.radii(units, neighborhood)):
                searches.setdefault((pair.x, pair.y)[side], []).append((place, side, units[side], radii))
        counts: dict[tuple[int, int], Counts] = {}
        for layer, entries in searches.items():
            units_of_layer, radii_of_layer = [entry[2] for entry in entries], np.stack([entry[3] for entry in entries])
            rows = counts_within(layer.space, units_of_layer, radii_of_layer, layer.threads)
            counts |= {entry[:2]: row for entry, row in zip(entries, rows, strict=True)}
        return [(counts[place, 0], counts[place, 1]) for place in range(len(scaled_pairs))]

    def radii(self, units: Units, neighborhood: Neighborhood) -> tuple[Floats, Floats]:
        """Two (N,) radii, in x and in y, within which an estimator counts, strictly. Internal order.

        Distances in x are divided by units[0] and in y by units[1]. square: the joint k-th neighbor distance, twice.
        rectangle: just above the extents in x and y of the neighbors, which are all points that are no farther than
        the k-th: more than k where distances tie.
        """
        if neighborhood == "square":
            radii = joint_radii(self.x.space, self.y.space, units, self.k, self.x.threads)
            return radii, radii
        if neighborhood == "rectangle":
            x_extents, y_extents = joint_rectangles(self.x.space, self.y.space, units, self.k, self.x.threads)
            return np.nextafter(x_extents, np.inf), np.nextafter(y_extents, np.inf)
        raise ValueError(f"neighborhood = {neighborhood!r}: allowed are 'square', 'rectangle'")


def host_pair(x: npt.NDArray[Any], y: npt.NDArray[Any], k: int, noise: float, seed: int, threads: int) -> HostPair:
    """The pair of x and y plus noise from one generator, drawn for x and then for y, as `samples.with_noise`."""
    order = RowOrder((x, y))
    noisy = Noisy(x, noise, seed), Noisy(y, noise, seed, drawn_before=x.size)
    x_layer, y_layer = (Layer(name, side, order, k, noise, threads) for name, side in zip("xy", noisy, strict=True))
    return HostPair(x_layer, y_layer)
