"""LEAF. Numbers from few seeds: means and rank correlations with their intervals, and a correction for many tests.

Pure, and every resampling is seeded: the same input gives the same bytes.
"""

import math
from collections.abc import Sequence
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


def mean_over_cells(cells: Sequence[Numbers], null: float = 0.0) -> Estimate:
    """The mean over cells, each alike, of the mean over the seeds of each; with interval and p where all have two.

    cells: for each, one number per seed. For a paired comparison these are differences within a pair.
    Interval: percentile bootstrap over the seeds of each cell (scipy.stats.bootstrap). Few seeds would make it too
    narrow: resampling n values has a spread of (n - 1) / n of theirs, and its tails are the normal's. So deviations
    from the mean of a cell are widened beforehand by sqrt(n / (n - 1)) and by the ratio of Student's quantile to the
    normal one (the expanded percentile interval of Hesterberg 2015, The American Statistician 69:371).
    p: Welch's t of the same mean. Where the numbers of each cell are all equal they have no spread, and p is 2^(1 - n),
    that of the sign test.

    Raises:
        ValueError: when there is no cell, an empty one, or a number that is not finite.
    """
    samples = [np.asarray(cell, dtype=float) for cell in cells]
    if not samples or not all(len(sample) and np.isfinite(sample).all() for sample in samples):
        raise ValueError(f"cells must hold finite numbers, at least one each: {cells}")
    value = _mean([_mean(sample) for sample in samples])
    n = sum(len(sample) for sample in samples)
    if min(len(sample) for sample in samples) < 2:
        return Estimate(value, None, None, n, None)
    spread, freedom = _welch(samples)
    if not spread:
        return Estimate(value, value, value, n, 1.0 if value == null else 2.0 ** (1 - n))
    low, high = _interval(samples, freedom)
    p = float(2 * stats.t.sf(abs(value - null) / spread, freedom))
    return Estimate(value, min(low, value), max(high, value), n, p)


def differ(cells: Sequence[Numbers]) -> float:
    """p of the hypothesis that all cells have one mean: one-way analysis of variance; 1 where it is undefined.

    Cells whose numbers are all equal within each, but not between them, give 0.
    """
    samples = [np.asarray(cell, dtype=float) for cell in cells if len(cell) > 1]
    means = [_mean(sample) for sample in samples]
    if len(samples) < 2 or _are_equal(means):
        return 1.0
    if not any(_variance(sample) for sample in samples):
        return 0.0
    return float(stats.f_oneway(*samples).pvalue)


def _welch(samples: Sequence[np.ndarray]) -> tuple[float, float]:
    """Standard error of the mean over cells, and its degrees of freedom (Welch-Satterthwaite)."""
    sizes = np.array([len(sample) for sample in samples])
    means = np.array([_variance(sample) for sample in samples]) / sizes
    total = means.sum()
    if not total:
        return 0.0, float((sizes - 1).sum())
    return float(np.sqrt(total)) / len(samples), float(total**2 / (means**2 / (sizes - 1)).sum())


def _are_equal(numbers: Numbers) -> bool:
    """Whether they differ by no more than rounding."""
    return bool(np.ptp(numbers) <= ROUNDING * np.max(np.abs(numbers)))


def _mean(numbers: Numbers) -> float:
    """Of equal numbers exactly the first."""
    return float(numbers[0] if _are_equal(numbers) else np.mean(numbers))


def _variance(sample: np.ndarray) -> float:
    """Of equal numbers exactly 0."""
    return 0.0 if _are_equal(sample) else float(sample.var(ddof=1))


def _interval(samples: Sequence[np.ndarray], freedom: float) -> tuple[float, float]:
    tail = (1 + COVERAGE) / 2
    tails = stats.t.ppf(tail, freedom) / stats.norm.ppf(tail)
    means = [sample.mean() for sample in samples]
    widened = [
        (sample - mean) * np.sqrt(len(sample) / (len(sample) - 1)) * tails
        for sample, mean in zip(samples, means, strict=True)
    ]

    def mean_of_means(*cells: np.ndarray, axis: int) -> Any:
        return np.mean([cell.mean(axis=axis) for cell in cells], axis=0)

    bootstrap = stats.bootstrap(
        widened,
        mean_of_means,
        n_resamples=RESAMPLES,
        confidence_level=COVERAGE,
        method="percentile",
        rng=np.random.default_rng(SEED),
    )
    shift = float(np.mean(means))
    return shift + float(bootstrap.confidence_interval.low), shift + float(bootstrap.confidence_interval.high)


def spearman(x: Numbers, y: Numbers) -> float | None:
    """The rank correlation of x and y, ties sharing their mean rank; None when either is constant or has one value."""
    first, second = stats.rankdata(x), stats.rankdata(y)
    if len(first) < 2 or np.ptp(first) == 0 or np.ptp(second) == 0:
        return None
    return float(np.clip(_correlation(first, second, axis=-1), -1, 1))


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
