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

from trainables import geometry
from trainables.config import MeasureName, TrialConfig
from trainables.information import ceiling_bits, mutual_information
from trainables.information.measures import MEASURES, channel
from trainables.measurement import OF_GRADIENTS, OF_JACOBIANS, OF_LAYERS, OF_PAIRS
from trainables.sizes import PIXELS

TRUTHS_BITS = (1.0, 2.0, 4.0, 8.0)
COORDINATES = (1, 3, 10)
FEW = 3
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
class MeasureRow:
    """Another measure of pairs: its values (bits), one per truth, of signals of that many coordinates."""

    key: str
    coordinates: int
    values_bits: tuple[float | None, ...]


@dataclass(frozen=True)
class Check:
    """The estimates at one size, and the highest value that the estimator can give there; other measures after KSG."""

    size: Size
    ceiling_bits: float
    rows: tuple[Row, ...]
    measures: tuple[MeasureRow, ...] = ()


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


def check(size: Size, measures: Sequence[MeasureName] = ()) -> Check:
    """Estimate every truth at that size; seeded, so that the same size gives the same numbers.

    measures: those of pairs among them are tried too, on signals of few coordinates and of as many as there are units.
    """
    every = (*COORDINATES, min(size.units_x, size.units_y))
    rows = [
        Row(m, tuple(_estimate(size, m, truth) for truth in TRUTHS_BITS))
        for m in sorted({m for m in every if m <= min(size.units_x, size.units_y)})
    ]
    others = [
        MeasureRow(OF_PAIRS[name], m, tuple(_value(OF_PAIRS[name], size, m, truth) for truth in TRUTHS_BITS))
        for name in measures
        if name in OF_PAIRS
        for m in (min(FEW, every[-1]), every[-1])
    ]
    return Check(size, ceiling_bits(size.samples, size.neighbors), tuple(rows), tuple(others))


def what_they_show(points: Sequence[TrialConfig]) -> dict[str, str]:
    """By measure that these points ask for, what it can and cannot show."""
    found: dict[str, str] = {}
    for name in dict.fromkeys(name for point in points for name in point.measure.measures):
        if name in OF_PAIRS:
            found[OF_PAIRS[name]] = MEASURES[OF_PAIRS[name]].shows
        elif name == "channel":
            noises = sorted({point.measure.noise for point in points if name in point.measure.measures})
            found |= {measure.key: measure.shows for measure in map(channel.with_noise, noises)}
        else:
            found |= {
                name: f"{one.shows} {one.does_not_show}"
                for name, one in (_gradients() if name == "gradient" else _geometry()).items()
            }
    return found


def _geometry() -> dict[str, geometry.Measure]:
    """Each measure of geometry, of some layer: what it shows is the same of any."""
    layer = np.random.default_rng(SEED).uniform(-1, 1, (20, 3))
    of_layers = {name: measure(layer) for name, measure in OF_LAYERS.items()}
    return of_layers | {name: measure(np.abs(layer)) for name, measure in OF_JACOBIANS.items()}


def _gradients() -> dict[str, geometry.Measure]:
    """Each measure of gradients, of some moments."""
    return {name: measure(geometry.GradientMoments(2.0, 1.0, 2)) for name, measure in OF_GRADIENTS.items()}


def _estimate(size: Size, coordinates: int, truth_bits: float) -> float:
    x, y = _signals(size, coordinates, truth_bits)
    return float(mutual_information(x, y, k=size.neighbors, base=2).bits)


def _value(key: str, size: Size, coordinates: int, truth_bits: float) -> float | None:
    return MEASURES[key](*_signals(size, coordinates, truth_bits), k=size.neighbors, seed=SEED).value


def _signals(size: Size, coordinates: int, truth_bits: float) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(SEED)
    rho = np.sqrt(1 - 2 ** (-2 * truth_bits / coordinates))
    u = random.normal(size=(size.samples, coordinates))
    v = rho * u + np.sqrt(1 - rho**2) * random.normal(size=u.shape)
    return _spread(u, size.units_x, random), _spread(v, size.units_y, random)


def _spread(signal: np.ndarray, units: int, random: np.random.Generator) -> np.ndarray:
    """The signal (n, m) in other coordinates, shape (n, units): distances and information stay."""
    directions, _ = np.linalg.qr(random.normal(size=(units, signal.shape[1])))
    return signal @ directions.T
