"""LEAF: from the caller's arrays to checked float64 samples with ties broken."""

from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

NPEET_NOISE = 1e-10


class DegenerateInput(ValueError):
    """The samples admit no estimate; the message names the culprit, its value and what is allowed."""


def as_samples(x: npt.ArrayLike, y: npt.ArrayLike, k: int) -> tuple[Floats, Floats]:
    """x and y as finite float64 matrices of shapes (N, dx) and (N, dy), N > k.

    One-dimensional input is one column; further axes are flattened, as NPEET does.
    Raises DegenerateInput for anything else, ValueError for k < 1.
    """
    if not isinstance(k, int | np.integer) or k < 1:
        raise ValueError(f"k = {k}: the number of neighbours must be a whole number, at least 1")
    x_samples, y_samples = _as_matrix(x, "x"), _as_matrix(y, "y")
    if len(x_samples) != len(y_samples):
        raise DegenerateInput(f"x has {len(x_samples)} rows and y has {len(y_samples)}: each row must be one pair")
    if len(x_samples) <= k:
        raise DegenerateInput(f"N = {len(x_samples)} samples with k = {k}: at least k + 1 = {k + 1} samples are needed")
    return x_samples, y_samples


def with_noise(x: Floats, y: Floats, noise: float, seed: int) -> tuple[Floats, Floats]:
    """x and y plus noise * U[0, 1), drawn for x and then for y in the caller's row order (NPEET's `add_noise`)."""
    require_amplitude(noise)
    if noise == 0.0:
        return x, y
    generator = np.random.default_rng(seed)
    return _noisy(x, noise, generator), _noisy(y, noise, generator)


def require_amplitude(noise: float) -> None:
    """Raise ValueError unless the noise is finite and at least 0."""
    if not (noise >= 0.0 and np.isfinite(noise)):
        raise ValueError(f"noise = {noise}: the amplitude of the tie-breaking noise must be finite and at least 0")


def _noisy(samples: Floats, noise: float, generator: np.random.Generator) -> Floats:
    noisy = generator.random(samples.shape)
    noisy *= noise
    noisy += samples
    return noisy


def _as_matrix(values: npt.ArrayLike, name: str) -> Floats:
    array: npt.NDArray[Any] = np.asarray(values)
    if array.dtype.kind not in "fiub":
        raise DegenerateInput(f"{name} has dtype {array.dtype}: real numbers are needed")
    if array.ndim == 0 or array.size == 0:
        raise DegenerateInput(f"{name} has shape {array.shape}: at least one row and one column are needed")
    matrix = np.ascontiguousarray(array.reshape(len(array), -1), dtype=np.float64)
    _refuse_non_finite(matrix, name)
    return matrix


def _refuse_non_finite(matrix: Floats, name: str) -> None:
    # A maximum and a minimum cost no temporary of the size of the data, and NaN passes through both.
    low, high = float(matrix.min()), float(matrix.max())
    if np.isfinite(low) and np.isfinite(high):
        if not np.isfinite(high - low):
            raise DegenerateInput(f"{name} spans {low:g} to {high:g}: its distances overflow float64")
        return
    row, column = np.argwhere(~np.isfinite(matrix))[0]
    count = int(np.count_nonzero(~np.isfinite(matrix)))
    raise DegenerateInput(
        f"{name}[{row}, {column}] = {matrix[row, column]} ({count} such of {matrix.size}): all values must be finite"
    )
