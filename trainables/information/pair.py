"""What an estimator asks of a pair of samples, and the scales on which the joint distance of a pair can be taken."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from trainables.information.samples import DegenerateInput, Floats

if TYPE_CHECKING:
    from trainables.information.host.pairs import Pair

Counts = npt.NDArray[np.int64]


# Below this a unit of length has too few digits left to divide by.
SMALLEST_UNIT = 1e-250


Units = tuple[float, float]

Shape = Callable[["Pair", Units], tuple[Floats, Floats]]


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
