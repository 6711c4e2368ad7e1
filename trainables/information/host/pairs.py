"""Pairs of layers, the scales on which their joint distance can be taken, and the counts that their estimates need."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from trainables.information.host.layers import Layer, RowOrder
from trainables.information.neighbors.queries import counts_within, joint_radii, joint_rectangles
from trainables.information.pair import Counts, Shape, Units
from trainables.information.samples import Floats, Noisy

Number = TypeVar("Number", bound=np.generic)


class Pair:
    """Two layers of equally many rows, in one internal row order.

    Radii and counts in the caller's row order depend neither on the internal order nor on the threads.
    """

    def __init__(self, x: Floats, y: Floats, k: int, noise: float, threads: int) -> None:
        # These have their noise already.
        self._set(Noisy(x), Noisy(y), k, noise, threads)

    @classmethod
    def with_noise(cls, x: Floats, y: Floats, k: int, noise: float, seed: int, threads: int) -> Pair:
        """The pair of x and y plus noise from one generator, drawn for x and then for y, as `samples.with_noise`."""
        pair = cls.__new__(cls)
        pair._set(Noisy(x, noise, seed), Noisy(y, noise, seed, drawn_before=x.size), k, noise, threads)
        return pair

    @classmethod
    def between(cls, x: Layer, y: Layer) -> Pair:
        """The pair of two prepared layers, which share their row order."""
        pair = cls.__new__(cls)
        pair.layers = x, y
        return pair

    def _set(self, x: Noisy, y: Noisy, k: int, noise: float, threads: int) -> None:
        order = RowOrder((x.plain, y.plain))
        self.layers = Layer("x", x, order, k, noise, threads), Layer("y", y, order, k, noise, threads)

    @property
    def x(self) -> Floats:
        """Samples (N, dx) of the first layer, with their noise."""
        return self.layers[0].samples.drawn()

    @property
    def y(self) -> Floats:
        """Samples (N, dy) of the second layer, with their noise."""
        return self.layers[1].samples.drawn()

    @property
    def n(self) -> int:
        """The number of samples."""
        return len(self.layers[0].samples)

    @property
    def dims(self) -> tuple[int, int]:
        """The numbers of columns of x and y."""
        x, y = self.layers
        return x.samples.width, y.samples.width

    @property
    def k(self) -> int:
        """The number of neighbours."""
        return self.layers[0].k

    def balanced_units(self) -> Units:
        """The layers' own medians. Raises DegenerateInput where one cannot serve as a unit of length."""
        x, y = self.layers
        return x.balanced_unit(), y.balanced_unit()

    def squares(self, units: Units = (1.0, 1.0)) -> tuple[Floats, Floats]:
        """Two (N,) radii within which KSG-1 counts, strictly: the joint k-th neighbour distance, twice. Internal order.

        Distances in x are divided by units[0] and in y by units[1].
        """
        x, y = self.layers
        radii = joint_radii(x.space, y.space, units, self.k, x.threads)
        return radii, radii

    def rectangles(self, units: Units = (1.0, 1.0)) -> tuple[Floats, Floats]:
        """Two (N,) radii within which KSG-2 counts, strictly: just above the extents in x and y of the neighbours.

        Neighbours are all points that are no farther than the k-th: more than k where distances tie.
        """
        x, y = self.layers
        x_extents, y_extents = joint_rectangles(x.space, y.space, units, self.k, x.threads)
        return np.nextafter(x_extents, np.inf), np.nextafter(y_extents, np.inf)

    def neighbours(self, units: Units = (1.0, 1.0)) -> tuple[Floats, Counts, Counts]:
        """(radii, x counts, y counts) of KSG-1, each (N,) in the caller's order."""
        radii, _ = self.squares(units)
        x_counts, y_counts = (
            counts_within(layer.space, [unit], radii[np.newaxis], layer.threads)[0]
            for layer, unit in zip(self.layers, units, strict=True)
        )
        return self._restored(radii), self._restored(x_counts), self._restored(y_counts)

    def _restored(self, values: npt.NDArray[Number]) -> npt.NDArray[Number]:
        restored = np.empty_like(values)
        restored[self.layers[0].order.rows] = values
        return restored


def counts(requests: Sequence[tuple[Pair, Units]], shape: Shape) -> list[tuple[Counts, Counts]]:
    """The x and y counts of each request, in the internal order: every layer is searched once for all its radii."""
    searches: dict[Layer, list[tuple[int, int, float, Floats]]] = {}
    for place, (pair, units) in enumerate(requests):
        for side, radii in enumerate(shape(pair, units)):
            searches.setdefault(pair.layers[side], []).append((place, side, units[side], radii))
    found: dict[tuple[int, int], Counts] = {}
    for layer, wanted in searches.items():
        units_of_layer, radii_of_layer = [entry[2] for entry in wanted], np.stack([entry[3] for entry in wanted])
        rows = counts_within(layer.space, units_of_layer, radii_of_layer, layer.threads)
        found |= {entry[:2]: row for entry, row in zip(wanted, rows, strict=True)}
    return [(found[place, 0], found[place, 1]) for place in range(len(requests))]
