"""The estimates for signals of known mutual information, at the sizes at which a sweep measures.

Two Gaussian signals of m coordinates each, pairwise correlated, are turned into as many units as the layers have by an
orthonormal map. That changes no information, so the truth stays m * -log2(1 - rho^2) / 2 bits, whatever the number of
units. The estimate depends on m: it is good for signals of a few coordinates, and misses nearly all information that is
spread over many (Gao et al. 2015, Efficient estimation of mutual information for strongly dependent variables). Real
layers lie somewhere between.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from trainables.config import TrialConfig
from trainables.information import ceiling_bits, mutual_information
from trainables.sizes import PIXELS

TRUTHS_BITS = (1.0, 2.0, 4.0, 8.0)
COORDINATES = (1, 3, 10)
SEED = 0


@dataclass(frozen=True, order=True)
class Size:
    """The size of a measurement of MI: samples, neighbors, and units of either side."""

    samples: int
    neighbors: int
    units_x: int
    units_y: int


@dataclass(frozen=True)
class Row:
    """The estimates (bits), one per truth, of signals that differ in that many coordinates."""

    coordinates: int
    estimates_bits: tuple[float, ...]


@dataclass(frozen=True)
class Check:
    """The estimates at one size, and the highest value that the estimator can give there."""

    size: Size
    ceiling_bits: float
    rows: tuple[Row, ...]


def sizes(points: Sequence[TrialConfig]) -> list[Size]:
    """The sizes at which these points measure first and last layers, or the input and the last layer, each once."""
    return sorted({size for point in points for size in _of(point)})


def _of(point: TrialConfig) -> set[Size]:
    chosen = point.measure.samples
    samples = point.validation_images if chosen == "all" else min(chosen, point.validation_images)
    first = {PIXELS[point.dataset] if "input-each" in point.measure.pairs else 2 * point.width}
    if {"first-merged", "first-last"} & set(point.measure.pairs):
        first.add(2 * point.width)
    return {Size(samples, point.measure.neighbors, units, 2 * point.width) for units in first}


def check(size: Size) -> Check:
    """Estimate every truth at that size; seeded, so that the same size gives the same numbers."""
    every = (*COORDINATES, min(size.units_x, size.units_y))
    rows = [
        Row(m, tuple(_estimate(size, m, truth) for truth in TRUTHS_BITS))
        for m in sorted({m for m in every if m <= min(size.units_x, size.units_y)})
    ]
    return Check(size, ceiling_bits(size.samples, size.neighbors), tuple(rows))


def _estimate(size: Size, coordinates: int, truth_bits: float) -> float:
    random = np.random.default_rng(SEED)
    rho = np.sqrt(1 - 2 ** (-2 * truth_bits / coordinates))
    u = random.normal(size=(size.samples, coordinates))
    v = rho * u + np.sqrt(1 - rho**2) * random.normal(size=u.shape)
    x, y = (_spread(signal, units, random) for signal, units in ((u, size.units_x), (v, size.units_y)))
    return float(mutual_information(x, y, k=size.neighbors, base=2).bits)


def _spread(signal: np.ndarray, units: int, random: np.random.Generator) -> np.ndarray:
    """The signal (n, m) in other coordinates, shape (n, units): distances and information stay."""
    directions, _ = np.linalg.qr(random.normal(size=(units, signal.shape[1])))
    return signal @ directions.T
