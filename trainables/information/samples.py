"""LEAF: from the caller's arrays to checked float64 samples with ties broken."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

NPEET_NOISE = 1e-10
SETS = {2: "pair", 3: "triple"}


class DegenerateInput(ValueError):
    """The samples admit no estimate; the message names the culprit, its value and what is allowed."""


def as_samples(x: npt.ArrayLike, y: npt.ArrayLike, k: int) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
    """x and y as finite matrices of float32 or float64, shapes (N, dx) and (N, dy), N > k.

    One-dimensional input is one column; further axes are flattened, as NPEET does.
    Raises DegenerateInput for anything else.
    """
    x_samples, y_samples = as_floats(x, "x"), as_floats(y, "y")
    require_rows({"x": x_samples, "y": y_samples}, k)
    return x_samples, y_samples


def as_matrix(values: npt.ArrayLike, name: str) -> Floats:
    """The values as a finite float64 matrix (N, d), further axes flattened; DegenerateInput where they are not."""
    return as_floats(values, name).astype(np.float64, copy=False)


def as_floats(values: npt.ArrayLike, name: str) -> npt.NDArray[Any]:
    """As `as_matrix`, but float32 stays what it is, so that no second copy lives beside it."""
    array: npt.NDArray[Any] = np.asarray(values)
    if array.dtype.kind not in "fiub":
        raise DegenerateInput(f"{name} has dtype {array.dtype}: real numbers are needed")
    if array.ndim == 0 or array.size == 0:
        raise DegenerateInput(f"{name} has shape {array.shape}: at least one row and one column are needed")
    kind = np.float32 if array.dtype == np.float32 else np.float64
    matrix = np.ascontiguousarray(array.reshape(len(array), -1), dtype=kind)
    _refuse_non_finite(matrix, name)
    return matrix


def require_known(name: str, value: str, allowed: tuple[str, ...]) -> None:
    """Raise ValueError unless the value is one of those allowed."""
    if value not in allowed:
        raise ValueError(f"{name} = {value!r}: allowed are {', '.join(map(repr, allowed))}")


def require_neighbors(k: int) -> None:
    """Raise ValueError unless k can be a number of neighbors."""
    if not isinstance(k, int | np.integer) or k < 1:
        raise ValueError(f"k = {k}: the number of neighbors must be a whole number, at least 1")


def require_rows(samples: Mapping[str, npt.NDArray[Any]], k: int) -> None:
    """Raise DegenerateInput unless all samples have the same number of rows, above k."""
    (first, count), *others = ((name, len(matrix)) for name, matrix in samples.items())
    for name, rows in others:
        if rows != count:
            raise DegenerateInput(
                f"{first} has {count} rows and {name} has {rows}: each row must be one {SETS.get(len(samples), 'set')}"
            )
    if count <= k:
        raise DegenerateInput(f"N = {count} samples with k = {k}: at least k + 1 = {k + 1} samples are needed")


def require_noise(noise: float) -> None:
    """Raise ValueError unless the noise can be an amplitude."""
    if not (noise >= 0.0 and np.isfinite(noise)):
        raise ValueError(f"noise = {noise}: the amplitude of the tie-breaking noise must be finite and at least 0")


def with_noise(x: Floats, y: Floats, noise: float, seed: int) -> tuple[Floats, Floats]:
    """x and y plus noise * U[0, 1), drawn for x and then for y in the caller's row order (NPEET's `add_noise`)."""
    generator = np.random.default_rng(seed)
    return noisy(x, noise, generator), noisy(y, noise, generator)


@dataclass(frozen=True, eq=False)
class Noisy:
    """Samples (N, d) of float32 or float64 that get their noise where they are used, where they become float64.

    The noise is noise * U[0, 1) from a generator of `seed` that has drawn `drawn_before` numbers.
    """

    plain: npt.NDArray[Any]
    noise: float = 0.0
    seed: int = 0
    drawn_before: int = 0

    def __len__(self) -> int:
        return len(self.plain)

    @property
    def width(self) -> int:
        """The number of columns."""
        return self.plain.shape[1]

    def drawn(self) -> Floats:
        """The samples with their noise as float64, the same at every call."""
        if self.noise == 0.0:
            return self.plain.astype(np.float64, copy=False)
        bits = np.random.PCG64(self.seed)
        return noisy(self.plain, self.noise, np.random.Generator(bits.advance(self.drawn_before)))


def noisy(samples: Floats, noise: float, generator: np.random.Generator) -> Floats:
    """The samples plus noise * U[0, 1); the samples themselves where the noise is 0."""
    require_noise(noise)
    if noise == 0.0:
        return samples
    drawn = generator.random(samples.shape)
    drawn *= noise
    drawn += samples
    return drawn


def _refuse_non_finite(matrix: npt.NDArray[Any], name: str) -> None:
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
