"""Sums over the components of a Gaussian mixture, as seen from one of them, in blocks of bounded memory.

With the noise n of row i, and the component s_j of every image j, log p(t|x_j) - log p(t|x_i) at t = s_i + n is

    log_ratio[i, j] = -(|s_i - s_j|^2 + 2 n (s_i - s_j)) / (2 noise^2)

and everything that a channel asks for is a sum over j of exp(log_ratio), for sets of j. A ratio of densities exceeds
e^c with a probability of at most e^-c (its mean is 1), so that no maximum need be found first.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import threadpoolctl

from trainables.information.samples import Floats
from trainables.information.threads import run_in_threads

BLOCK_ROWS = 128
"""Rows whose noise comes from one generator and which are summed together: fixed, so that threads change nothing."""
BLOCK_COLUMNS = 2048
STREAM = 0x6E6F697365
"""Keeps this noise apart from numbers that a caller drew from a generator of the same seed, the signals perhaps."""
MOST = 700.0
"""exp of more would overflow."""


@dataclass(frozen=True, slots=True)
class Components:
    """The means of a mixture (N, d), moved to their center, and their squared norms (N,)."""

    means: Floats
    norms: Floats

    @classmethod
    def of(cls, signals: Floats) -> "Components":
        """Of signals (N, d); the center takes nothing from the distances and much from the rounding."""
        means = signals - signals.mean(axis=0)
        return cls(means, np.einsum("ij,ij->i", means, means))


def row_noise(start: int, rows: int, width: int, noise: float, seed: int, draw: int) -> Floats:
    """(rows, width) N(0, noise^2), of the block of rows that begins at `start`."""
    generator = np.random.default_rng(np.random.SeedSequence([STREAM, seed, draw, start // BLOCK_ROWS]))
    drawn: Floats = generator.standard_normal((rows, width))
    drawn *= noise
    return drawn


def sums_of_ratios(
    components: Components, sets: Sequence[Floats], noise: float, seed: int, draw: int, threads: int
) -> list[Floats]:
    """Of each of these (N, m), (N, m) sums over j of exp(log_ratio[i, j]) times its row j, for one draw of noise."""
    means, norms = components.means, components.norms
    sums = [np.zeros(one.shape) for one in sets]

    def block(start: int, stop: int) -> None:
        shift = row_noise(start, stop - start, means.shape[1], noise, seed, draw)
        towards = np.einsum("ij,ij->i", shift, means[start:stop])
        shift += means[start:stop]
        for first in range(0, len(means), BLOCK_COLUMNS):
            columns = slice(first, first + BLOCK_COLUMNS)
            ratio = shift @ means[columns].T  # (s_i + n) s_j
            ratio -= (towards + 0.5 * norms[start:stop])[:, None]
            ratio -= 0.5 * norms[columns][None]
            ratio /= noise**2
            own = np.arange(max(start, first), min(stop, first + BLOCK_COLUMNS))
            ratio[own - start, own - first] = 0.0
            np.minimum(ratio, MOST, out=ratio)
            np.exp(ratio, out=ratio)
            for one, summed in zip(sets, sums, strict=True):
                summed[start:stop] += ratio @ one[columns]

    _in_blocks(block, len(means), threads)
    return sums


def log_sums_of_paths(
    components: Components,
    paths: int,
    noise: float,
    seed: int,
    threads: int,
    classes: npt.NDArray[np.int64] | None = None,
) -> tuple[Floats, Floats, Floats]:
    """(N,) each: logarithms of the sums of exp(log_ratio) over components of the same image, over all others, and over
    those of the same class among these.

    Components i * paths to (i + 1) * paths are those of image i; the first of them, with fresh noise, is what is
    observed, and is left out of the first sum. Without classes the third is that of nothing.
    """
    means, norms = components.means, components.norms
    images = len(means) // paths
    own, others, alike = np.empty((images, paths - 1)), np.full(images, -np.inf), np.full(images, -np.inf)
    members = None if classes is None else np.repeat(np.eye(int(classes.max()) + 1)[classes], paths, axis=0)
    columns_at_once = BLOCK_COLUMNS // paths * paths or paths

    def block(start: int, stop: int) -> None:
        observed = slice(start * paths, stop * paths, paths)
        shift = row_noise(start, stop - start, means.shape[1], noise, seed, 0)
        offset = np.einsum("ij,ij->i", shift, means[observed]) + 0.5 * norms[observed]
        shift += means[observed]
        for first in range(0, len(means), columns_at_once):
            columns = slice(first, first + columns_at_once)
            ratio = shift @ means[columns].T
            ratio -= offset[:, None]
            ratio -= 0.5 * norms[columns][None]
            ratio /= noise**2
            for image in range(max(start, first // paths), min(stop, (first + columns_at_once) // paths)):
                mine = slice(image * paths - first, (image + 1) * paths - first)
                own[image] = ratio[image - start, mine][1:]
                ratio[image - start, mine] = -np.inf
            largest = _add_log_sum(others[start:stop], ratio)  # which leaves exp(ratio - largest)
            if members is not None and classes is not None:
                of_class = (ratio @ members[columns])[np.arange(stop - start), classes[start:stop]]
                with np.errstate(divide="ignore"):
                    np.logaddexp(alike[start:stop], np.log(of_class) + largest, out=alike[start:stop])

    _in_blocks(block, images, threads)
    logs = np.full(images, -np.inf)
    _add_log_sum(logs, own)
    return logs, others, alike


def _add_log_sum(logs: Floats, terms: Floats) -> Floats:
    """Add exp(terms), over the second axis, to the numbers with these logarithms, in place.

    The largest of each row, over whose exp the terms are left.
    """
    largest = terms.max(axis=1)
    largest[np.isneginf(largest)] = 0.0
    terms -= largest[:, None]
    np.exp(terms, out=terms)
    with np.errstate(divide="ignore"):
        np.logaddexp(logs, np.log(terms.sum(axis=1)) + largest, out=logs)
    return largest


def mean_overlaps(components: Components, noise: float, threads: int) -> tuple[Floats, Floats]:
    """(N,) means over j of exp(-|s_i - s_j|^2 / (8 noise^2)), and of its fourth power.

    The Bhattacharyya coefficient of the two components, and exp of minus their Kullback-Leibler divergence.
    """
    means, norms = components.means, components.norms
    coefficients, divergences = np.zeros(len(means)), np.zeros(len(means))

    def block(start: int, stop: int) -> None:
        for first in range(0, len(means), BLOCK_COLUMNS):
            columns = slice(first, first + BLOCK_COLUMNS)
            overlap = means[start:stop] @ means[columns].T
            overlap -= 0.5 * norms[start:stop][:, None]
            overlap -= 0.5 * norms[columns][None]
            overlap /= 4 * noise**2
            np.minimum(overlap, 0.0, out=overlap)
            own = np.arange(max(start, first), min(stop, first + BLOCK_COLUMNS))
            overlap[own - start, own - first] = 0.0
            np.exp(overlap, out=overlap)
            coefficients[start:stop] += overlap.sum(axis=1)
            np.square(overlap, out=overlap)
            np.square(overlap, out=overlap)
            divergences[start:stop] += overlap.sum(axis=1)

    _in_blocks(block, len(means), threads)
    return coefficients / len(means), divergences / len(means)


def _in_blocks(block: Callable[[int, int], None], count: int, threads: int) -> None:
    """Call block(start, stop) for every block of rows. Each thread multiplies alone, so their number changes no sum."""

    def work(start: int, stop: int) -> None:
        for first in range(start, stop, BLOCK_ROWS):
            block(first, min(first + BLOCK_ROWS, stop))

    with threadpoolctl.threadpool_limits(1, user_api="blas"):
        run_in_threads(work, count, threads, BLOCK_ROWS)
