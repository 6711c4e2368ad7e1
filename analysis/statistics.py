"""LEAF. Numbers from few seeds: means and rank correlations with their intervals, and a correction for many tests.

Pure, and every resampling is seeded: the same input gives the same bytes.
"""

import functools
import itertools
import math
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import stats

COVERAGE = 0.95
RESAMPLES = 9_999
SEED = 0
ROUNDING = 1e-12
FEWEST_PAIRS = 4
"""With fewer pairs a resampled rank correlation is nearly always -1, 1 or undefined: no interval."""

Numbers = Sequence[float] | np.ndarray


@dataclass(frozen=True)
class Estimate:
    """A value with its 95 % interval, from n independent numbers; None for what so few numbers do not determine.

    p: two-sided, of the hypothesis that the true value is `null`.
    """

    value: float
    low: float | None
    high: float | None
    n: int
    p: float | None


Cell = Mapping[Hashable, float]
"""A number for each seed."""


def mean_over_cells(cells: Sequence[Cell], null: float = 0.0) -> Estimate:
    """The mean over cells, each alike, of the mean over the seeds of each; seeds are blocks, whatever they share.

    cells: for each, a number by seed. For a paired comparison these are differences within a pair. The numbers of one
    seed may depend on each other across cells, those of different seeds do not: n is the number of seeds.
    Interval: Student's t with n - 1 degrees of freedom of the seeds' contributions, summed over cells; where every
    seed is in every cell, that of the n means over cells. p: of the sign-flip permutation test of whole seeds, all of
    them where they are fewer than 10,000: exact for contributions that are symmetric around `null`, with nothing
    assumed of their spread or of how cells depend on each other. It cannot be smaller than 2^(1 - n).

    Raises:
        ValueError: when there is no cell, an empty one, or a number that is not finite.
    """
    if not cells or not all(len(cell) and np.isfinite(list(cell.values())).all() for cell in cells):
        raise ValueError(f"cells must hold finite numbers, at least one each: {cells}")
    means = [_mean(list(cell.values())) for cell in cells]
    value, deviations = _mean(means), _contributions(cells, means)
    n = len(deviations)
    if n < 2:
        return Estimate(value, None, None, n, None)
    scale = max(abs(number) for cell in cells for number in cell.values())
    error = _rounded_to_zero(float(np.sqrt(n / (n - 1) * (deviations**2).sum())), scale)
    half = float(stats.t.ppf((1 + COVERAGE) / 2, n - 1)) * error
    p = _as_large(_contributions(cells, [null] * len(cells)), two_sided=True)
    return Estimate(value, value - half, value + half, n, p)


def deviation(estimate: Estimate) -> float:
    """The standard deviation over seeds of what each contributes to a mean over cells; 0 where it has no interval."""
    if estimate.low is None or estimate.high is None:
        return 0.0
    half = (estimate.high - estimate.low) / 2
    return half / float(stats.t.ppf((1 + COVERAGE) / 2, estimate.n - 1)) * math.sqrt(estimate.n)


def p_beyond(cells: Sequence[Cell], center: float, margin: float) -> float:
    """p of the hypothesis that the true mean of `mean_over_cells` is `margin` or farther from the center.

    Two one-sided tests (Schuirmann 1987, Journal of Pharmacokinetics and Biopharmaceutics 15:657), each of the signs of
    whole seeds: it cannot be smaller than 2^-n.
    """
    above = _as_large(_contributions(cells, [center - margin] * len(cells)), two_sided=False)
    below = _as_large(-_contributions(cells, [center + margin] * len(cells)), two_sided=False)
    return max(above, below)


def _contributions(cells: Sequence[Cell], centers: Sequence[float]) -> np.ndarray:
    """What each seed adds to the mean over cells of their distances from the centers. Shape (seeds,)."""
    seeds = sorted({seed for cell in cells for seed in cell}, key=repr)
    parts = np.zeros(len(seeds))
    for cell, center in zip(cells, centers, strict=True):
        parts += [(cell[seed] - center) / len(cell) if seed in cell else 0.0 for seed in seeds]
    return parts / len(cells)


def _rounded_to_zero(error: float, scale: float) -> float:
    """0 for what rounding alone makes of numbers of that size, or of differences of numbers of order 1."""
    return 0.0 if error <= ROUNDING * max(scale, 1.0) else error


def _as_large(contributions: np.ndarray, two_sided: bool) -> float:
    """The share of sign patterns, all or `RESAMPLES` random ones and its own, that give at least as large a sum."""
    sums = _signs(len(contributions)) @ contributions
    sums = np.abs(sums) if two_sided else sums
    return float(np.mean(sums >= sums[0] - 1e-9 * np.max(np.abs(contributions))))


@functools.cache
def _signs(count: int) -> np.ndarray:
    """Patterns of so many signs, the first of them +1 throughout. Shape (patterns, count)."""
    if 2**count <= RESAMPLES:
        return np.array(list(itertools.product((1.0, -1.0), repeat=count)))
    drawn = np.random.default_rng(SEED).choice([1.0, -1.0], (RESAMPLES, count))
    return np.vstack([np.ones(count), drawn])


def fewest_seeds(tests: int = 1) -> int:
    """How many seeds a sign-flip test needs to be able to reach 5 %, corrected for so many tests."""
    return next(n for n in itertools.count(2) if tests * 2.0 ** (1 - n) < 1 - COVERAGE)


def lie_on_both_sides(cells: Sequence[Cell], null: float, margin: float) -> bool:
    """Whether some cells certainly lie above null + margin and others below null - margin: a qualitative interaction.

    The range test of Piantadosi & Gail (1993, Statistics in Medicine 12:1239) with Bonferroni's bounds, which hold
    however the cells depend on each other; that of Gail & Simon (1985) asks that they do not. Wrong in at most 5 % of
    cases.
    """
    level = COVERAGE + (1 - COVERAGE) * (1 - 1 / len(cells))
    above, below = False, False
    for numbers in (np.array(list(cell.values()), float) for cell in cells if len(cell) > 1):
        value = _mean(numbers)
        reach = float(stats.t.ppf(level, len(numbers) - 1)) * _rounded_to_zero(
            float(numbers.std(ddof=1)) / math.sqrt(len(numbers)), float(np.max(np.abs(numbers)))
        )
        above |= value - reach > null + margin
        below |= value + reach < null - margin
    return above and below


def _are_equal(numbers: Numbers) -> bool:
    """Whether they differ by no more than rounding."""
    return bool(np.ptp(numbers) <= ROUNDING * np.max(np.abs(numbers)))


def _mean(numbers: Numbers) -> float:
    """Of equal numbers exactly the first."""
    return float(numbers[0] if _are_equal(numbers) else np.mean(numbers))


def spearman(x: Numbers, y: Numbers) -> float | None:
    """The rank correlation of x and y, ties sharing their mean rank; None when either is constant or has one value."""
    first, second = _ranks(x), _ranks(y)
    if len(first) < 2 or np.ptp(first) == 0 or np.ptp(second) == 0:
        return None
    return float(np.clip(_correlation(first, second, axis=-1), -1, 1))


def _ranks(values: Numbers) -> np.ndarray:
    """The ranks of finite or infinite numbers, ties sharing their mean rank; a tenth of the time of SciPy's."""
    _, places, counts = np.unique(np.asarray(values, dtype=float), return_inverse=True, return_counts=True)
    ranks: np.ndarray = (np.cumsum(counts) - (counts - 1) / 2)[places]
    return ranks


def rank_correlation(x: Numbers, y: Numbers) -> Estimate | None:
    """Spearman's rank correlation of independent pairs; None where it is undefined.

    Interval: of Fisher's z with the variance (1 + rho^2/2) / (n - 3) of Bonett & Wright (2000, Psychometrika 65, 23),
    which is wide for few pairs, where a bootstrap's is far too narrow; None where the ranks agree perfectly. p:
    permutations of the pairing, all of them where they are fewer than 10,000.

    Raises:
        ValueError: when x and y differ in length, or hold a number that is not finite.
    """
    data = np.asarray(x, dtype=float), np.asarray(y, dtype=float)
    if data[0].shape != data[1].shape or not all(np.isfinite(side).all() for side in data):
        raise ValueError(f"x and y must be finite and of equal length: {x}, {y}")
    value, n = spearman(*data), len(data[0])
    if value is None:
        return None
    if n < FEWEST_PAIRS:
        return Estimate(value, None, None, n, None)
    permuted = stats.permutation_test(
        (data[0],),
        lambda first, axis: _ranks_correlation(first, np.broadcast_to(data[1], first.shape), axis=axis),
        permutation_type="pairings",
        n_resamples=RESAMPLES,
        rng=np.random.default_rng(SEED),
    )
    p = float(permuted.pvalue)
    if math.isclose(abs(value), 1.0):
        return Estimate(value, None, None, n, p)
    half = stats.norm.ppf((1 + COVERAGE) / 2) * math.sqrt((1 + value**2 / 2) / (n - 3))
    low, high = (math.tanh(math.atanh(value) + side * half) for side in (-1, 1))
    return Estimate(value, low, high, n, p)


def _ranks_correlation(x: np.ndarray, y: np.ndarray, axis: int) -> Any:
    return _correlation(stats.rankdata(x, axis=axis), stats.rankdata(y, axis=axis), axis)


def _correlation(x: np.ndarray, y: np.ndarray, axis: int) -> Any:
    """Pearson's, NaN where a side is constant."""
    x, y = x - x.mean(axis=axis, keepdims=True), y - y.mean(axis=axis, keepdims=True)
    norm = np.sqrt((x**2).sum(axis=axis) * (y**2).sum(axis=axis))
    with np.errstate(invalid="ignore"):
        return (x * y).sum(axis=axis) / norm


def holm(p_values: Sequence[float]) -> list[float]:
    """The p values corrected for multiple tests (Holm 1979): a limit of 0.05 has a family-wise error rate of 5 %."""
    corrected, largest = [0.0] * len(p_values), 0.0
    for rank, place in enumerate(np.argsort(np.asarray(p_values), kind="stable")):
        largest = max(largest, min(1.0, (len(p_values) - rank) * p_values[place]))
        corrected[place] = largest
    return corrected
