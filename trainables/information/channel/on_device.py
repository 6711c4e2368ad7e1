"""The sums of `mixture` in float64 on the device of Keras' backend; the noise is the same as on the CPU."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from trainables.information.channel.mixture import BLOCK_ROWS, MOST, Components, row_noise
from trainables.information.device import to_host
from trainables.information.device.backend import compiled, double_precision
from trainables.information.samples import Floats

ROWS_AT_ONCE = 16 * BLOCK_ROWS
"""Blocks of so many rows and all N columns are in memory at a time, 160 MB each for 10,000 images."""


def sums_of_ratios(components: Components, sets: Sequence[Floats], noise: float, seed: int, draw: int) -> list[Floats]:
    """Of each of these (N, m), (N, m) sums over j of exp(log_ratio[i, j]) times its row j, for one draw of noise."""
    width = components.means.shape[1]

    def shift(start: int, stop: int) -> Floats:
        parts = [
            row_noise(first, min(first + BLOCK_ROWS, stop) - first, width, noise, seed, draw)
            for first in range(start, stop, BLOCK_ROWS)
        ]
        return np.concatenate(parts)

    with double_precision():
        sums, everywhere = compiled(_sums_of_block, noise), [_on_device(one) for one in sets]
        found = list(_in_blocks(components, lambda *block: sums(*block, *everywhere), shift))
    return [np.concatenate(parts) for parts in zip(*found, strict=True)]


def mean_overlaps(components: Components, noise: float) -> tuple[Floats, Floats]:
    """(N,) twice: as `mixture.mean_overlaps`."""
    with double_precision():
        found = list(_in_blocks(components, compiled(_overlaps_of_block, noise)))
    coefficients, divergences = (np.concatenate(parts) / len(components.means) for parts in zip(*found, strict=True))
    return coefficients, divergences


def _in_blocks(
    components: Components, block: Callable[..., Any], shift: Callable[[int, int], Floats] | None = None
) -> Iterator[list[Floats]]:
    """What a block of rows gives, for all blocks; they have one size, the last is filled up by rows that are dropped.

    block: (places of the rows, rows, their norms, noise on them if there is a `shift`, all means, all norms).
    """
    means, norms = components.means, components.norms
    size = min(ROWS_AT_ONCE, len(means))
    everything = _on_device(means), _on_device(norms)
    for start in range(0, len(means), size):
        stop = min(start + size, len(means))
        rows = np.append(np.arange(start, stop), np.full(size - (stop - start), stop - 1))
        noises = [] if shift is None else [shift(start, stop)[rows - start]]
        mine = [rows.astype(np.int32), *map(_on_device, (means[rows], norms[rows], *noises))]
        yield [to_host(part)[: stop - start] for part in block(*mine, *everything)]


def _on_device(values: Floats) -> Any:
    import keras

    return keras.ops.convert_to_tensor(values, dtype="float64")


def _sums_of_block(
    noise: float, places: Any, rows: Any, row_norms: Any, shift: Any, means: Any, norms: Any, *sets: Any
) -> list[Any]:
    from keras import ops

    towards = ops.sum(shift * rows, axis=1)
    ratio = ops.matmul(shift + rows, ops.transpose(means)) - (towards + 0.5 * row_norms)[:, None] - 0.5 * norms[None]
    terms = ops.exp(ops.minimum(_without_own(ratio / noise**2, places), MOST))
    return [ops.matmul(terms, one) for one in sets]


def _overlaps_of_block(noise: float, places: Any, rows: Any, row_norms: Any, means: Any, norms: Any) -> tuple[Any, Any]:
    from keras import ops

    overlap = ops.matmul(rows, ops.transpose(means)) - 0.5 * row_norms[:, None] - 0.5 * norms[None]
    overlap = ops.exp(_without_own(ops.minimum(overlap / (4 * noise**2), 0.0), places))
    return ops.sum(overlap, axis=1), ops.sum(overlap**4, axis=1)


def _without_own(exponents: Any, places: Any) -> Any:
    """The exponents with exactly 0 where row and column are the same image."""
    from keras import ops

    columns = ops.arange(exponents.shape[1], dtype="int32")
    return ops.where(columns[None] == places[:, None], ops.zeros_like(exponents), exponents)
