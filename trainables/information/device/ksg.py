"""The exact estimator on the training device, through Keras: the CPU's counts, so the CPU's value, bit for bit.

All distances of a block of rows are taken in float32, in one pass over the columns. That decides a row unless some
other distance comes as near to its radius as float32 can err. The undecided rows (all of them where ties abound) are
taken again in float64, in the same operations as on the CPU and with the same noise.

Error bound. With d the float64 distance of two noisy rows and e the largest rounding of a value to float32 (at most
the noise, 1e-10, for float32 activations), the float32 distance lies within 2 e + 1.5 * 2^-22 d of d: one rounded
difference, and a rounded unit and quotient (2 ulp). Two distances further apart than 4 e + 2^-20 d are therefore
ordered alike in both precisions. Differences and maxima hold no product that a fused multiply-add could change.

Memory: the samples, three times (float64 as rows and as columns, float32), and for a block of B = max(1, 2^22 // N)
rows at most a dozen arrays of B N distances, each at most 32 MiB (8 N bytes from N = 2^22 on). Work: N^2 (dx + dy)
differences and maxima for scale `none`, twice as many for both scales, in float32; then k passes over the N^2 joint
distances, and as many for each side's own radii.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from trainables.information.device.backend import compiled, double_precision, is_device_array, to_host
from trainables.information.device.noise import noise as device_noise
from trainables.information.pair import Counts, Neighborhood, Units, as_unit
from trainables.information.samples import Floats, as_matrix, require_rows

BLOCK_DISTANCES = 2**22
# Columns that one pass over a block of distances takes in.
CHUNK = 32
RELATIVE_WINDOW = 2.0**-20
# Above the smallest normal float32, below which some devices flush to zero.
ABSOLUTE_WINDOW = 1e-37
FLOATS = ("float16", "float32", "float64")


@dataclass(frozen=True, eq=False)
class Columns:
    """One side of a pair on the device, transposed and filled up with zeros to (whole CHUNKs, N).

    exact: float64; fast: rounded to float32; rounding: float64 scalar, the largest difference of the two.
    """

    exact: Any
    fast: Any
    rounding: Any


@dataclass(frozen=True, eq=False)
class DevicePair:
    """Samples x (N, dx) and y (N, dy) with their noise as float64 device arrays; fulfils the contract `Pair`.

    names: of x and y, for messages. noise: its amplitude.
    """

    names: tuple[str, str]
    x: Any
    y: Any
    k: int
    noise: float

    @property
    def n(self) -> int:
        """The number of samples."""
        return len(self.x)

    @property
    def dims(self) -> tuple[int, int]:
        """The numbers of columns of x and y."""
        return self.x.shape[1], self.y.shape[1]

    def host_samples(self) -> tuple[Floats, Floats]:
        """x and y with their noise, copied to the host."""
        return to_host(self.x), to_host(self.y)

    def balanced_units(self) -> Units:
        """As `HostPair.balanced_units`, and equal to them."""
        x, y = (
            as_unit(name, float(np.median(radii)), self.k, self.noise)
            for name, radii in zip(self.names, (self._unscaled.x_radii, self._unscaled.y_radii), strict=True)
        )
        return x, y

    @classmethod
    def counts(
        cls, scaled_pairs: Sequence[tuple["DevicePair", Units]], neighborhood: Neighborhood
    ) -> list[tuple[Counts, Counts]]:
        """The x and y counts of each pair in its units, in the caller's order, as those of `HostPair`; squares only."""
        if neighborhood != "square":
            raise ValueError(f"neighborhood = {neighborhood!r}: on a device only 'square' is counted")
        return [pair._counts(units) for pair, units in scaled_pairs]

    def _counts(self, units: Units) -> tuple[Counts, Counts]:
        if units == (1.0, 1.0):
            return self._unscaled.x_counts, self._unscaled.y_counts
        found = self._search(units)
        self._search_exactly(found, ~found.decided, units)
        return found.x_counts, found.y_counts

    @cached_property
    def _unscaled(self) -> "Rows":
        """Exact counts on scale `none`, and own radii of which the median is exact."""
        found = self._search((1.0, 1.0))
        doubtful = ~found.decided
        for radii, columns in zip((found.x_radii, found.y_radii), self._columns, strict=True):
            doubtful |= _near_median(radii, float(columns.rounding))
        self._search_exactly(found, doubtful, (1.0, 1.0))
        return found

    @cached_property
    def _columns(self) -> tuple[Columns, Columns]:
        with double_precision():
            return _columns(self.x), _columns(self.y)

    def _search(self, units: Units) -> "Rows":
        x, y = self._columns
        window = 4.0 * max(float(side.rounding) / unit for side, unit in zip((x, y), units, strict=True))
        slack = np.array([window * 1.001 + ABSOLUTE_WINDOW, RELATIVE_WINDOW])
        return self._rows(x.fast, y.fast, np.arange(len(self.x)), units, slack)

    def _search_exactly(self, found: "Rows", doubtful: npt.NDArray[np.bool_], units: Units) -> None:
        rows = np.flatnonzero(doubtful)
        if not len(rows):
            return
        x, y = self._columns
        exact = self._rows(x.exact, y.exact, rows, units, np.zeros(2))
        found.x_counts[rows], found.y_counts[rows] = exact.x_counts, exact.y_counts
        if units == (1.0, 1.0):
            found.x_radii[rows], found.y_radii[rows] = exact.x_radii, exact.y_radii

    def _rows(self, x: Any, y: Any, rows: npt.NDArray[np.int64], units: Units, slack: Floats) -> "Rows":
        """What `_search_block` finds for these rows, block by block, in the precision of x and y."""
        count = len(self.x)
        size = min(count, max(1, BLOCK_DISTANCES // count))
        # Blocks of one size are compiled once: the last is filled up with a row that is left out again.
        padded = np.append(rows, np.full(-len(rows) % size, rows[-1])).astype(np.int32)
        with double_precision(), np.errstate(over="ignore", under="ignore"):
            precision = _dtype(x)
            search = compiled(_search_block, self.k, units == (1.0, 1.0))
            scalars = np.array(units).astype(precision), slack.astype(precision)
            blocks = [search(x, y, block, *scalars) for block in padded.reshape(-1, size)]
            found = [
                np.concatenate([to_host(part) for part in parts])[: len(rows)] for parts in zip(*blocks, strict=True)
            ]
        x_counts, y_counts, decided, *radii = found
        x_radii, y_radii = (side.astype(np.float64) for side in radii or (np.empty(0), np.empty(0)))
        return Rows(x_counts.astype(np.int64), y_counts.astype(np.int64), decided, x_radii, y_radii)


@dataclass(frozen=True, eq=False)
class Rows:
    """What a search found, one entry per row: counts, whether its precision decided them, own radii (unscaled only)."""

    x_counts: Counts
    y_counts: Counts
    decided: npt.NDArray[np.bool_]
    x_radii: Floats
    y_radii: Floats


def device_pair(layers: Mapping[str, Any], k: int, noise: float, seed: int | tuple[int, int]) -> DevicePair:
    """The pair of two named layers with its noise, on the device; host arrays are copied there.

    seed: of one generator that draws the noise of both, as `with_noise`, or of one for each, as `batches.Layers`.
    Raises DegenerateInput as these do.
    """
    with double_precision():
        sides = {name: on_device(values) for name, values in layers.items()}
        if not all(map(_is_sound, sides.values())):
            # The host names what is wrong, or makes samples of what only looked so.
            sides = {name: as_matrix(to_host(values), name) for name, values in sides.items()}
        require_rows(sides, k)
        x, y = sides.values()
        (first, second), offset = (seed, 0) if isinstance(seed, tuple) else ((seed, seed), int(np.prod(x.shape)))
        noisy = _with_noise(x, noise, first, 0), _with_noise(y, noise, second, offset)
        names = tuple(sides)
        return DevicePair((names[0], names[1]), *noisy, int(k), noise)


def on_device(values: Any) -> Any:
    """A numpy array of floats as a device array; anything else as it is."""
    from keras import ops

    is_plain = isinstance(values, np.ndarray) and values.dtype.name in FLOATS
    with double_precision():
        return ops.convert_to_tensor(values) if is_plain else values


def _is_sound(values: Any) -> bool:
    from keras import ops

    if not is_device_array(values) or _dtype(values) not in FLOATS or 0 in values.shape or not len(values.shape):
        return False
    span = ops.max(ops.cast(values, "float64")) - ops.min(ops.cast(values, "float64"))
    return bool(ops.all(ops.isfinite(values))) and bool(np.isfinite(to_host(span)))


def _with_noise(values: Any, noise: float, seed: int, offset: int) -> Any:
    from keras import ops

    matrix = ops.reshape(ops.cast(ops.convert_to_tensor(values), "float64"), (len(values), -1))
    if noise == 0.0:
        return matrix
    return device_noise(noise, seed, offset, tuple(matrix.shape)) + matrix


def _columns(samples: Any) -> Columns:
    from keras import ops

    exact = ops.transpose(ops.pad(samples, ((0, 0), (0, -samples.shape[1] % CHUNK))))
    fast = ops.cast(exact, "float32")
    return Columns(exact, fast, to_host(ops.max(ops.abs(exact - ops.cast(fast, "float64")))))


def _near_median(radii: Floats, rounding: float) -> npt.NDArray[np.bool_]:
    """The rows whose float32 radius leaves open on which side of the median it lies; also all that are not finite."""
    middle = np.sort(radii)[[(len(radii) - 1) // 2, len(radii) // 2]]
    with np.errstate(invalid="ignore"):
        window = 4.0 * rounding + ABSOLUTE_WINDOW + RELATIVE_WINDOW * middle[1]
        return ~((radii < middle[0] - window) | (radii > middle[1] + window))


def _search_block(k: int, with_radii: bool, x: Any, y: Any, rows: Any, units: Any, slack: Any) -> tuple[Any, ...]:
    """Per row of the block: x count, y count, whether they are certain, and the own k-th distances if asked for.

    x, y: (dx, N), (dy, N). rows: int32 (B,). units: (2,). slack: (2,), absolute and relative half width of the window
    around a row's radius within which this precision cannot tell what is nearer. A row is certain if only one of its
    2 N distances lies there: that one is the radius itself, and belongs to the k-th neighbor.
    """
    from keras import ops

    is_self = rows[:, None] == ops.arange(x.shape[1], dtype="int32")[None]
    own = [_distances(columns, rows) for columns in (x, y)]
    # A divisor that seems to differ from entry to entry: XLA would multiply by the reciprocal of a common one.
    scaled = [values / ops.maximum(units[side], -values) for side, values in enumerate(own)]
    own, scaled = ([ops.where(is_self, np.inf, values) for values in sides] for sides in (own, scaled))
    radii = _kth_smallest(ops.maximum(*scaled), k)
    low, high = (radii + sign * (slack[0] + slack[1] * radii) for sign in (-1, 1))
    counts = [_number(values < low) for values in scaled]
    near = sum(_number((values >= low) & (values <= high)) for values in scaled)
    is_certain = (near == 1) & ops.isfinite(high)[:, 0]
    own_radii = [_kth_smallest(values, k)[:, 0] for values in own] if with_radii else []
    return *counts, is_certain, *own_radii


def _distances(columns: Any, rows: Any) -> Any:
    """(B, N) max-norm distances of the points `rows` to all points; columns: (d, N), d a multiple of CHUNK."""
    from keras import ops

    width, count = columns.shape
    size = rows.shape[0]
    queries = ops.take(columns, rows, axis=1)

    def update_largest(chunk: Any, largest: Any) -> Any:
        ours = ops.slice(queries, (chunk * CHUNK, 0), (CHUNK, size))
        theirs = ops.slice(columns, (chunk * CHUNK, 0), (CHUNK, count))
        for column in range(CHUNK):
            largest = ops.maximum(largest, ops.abs(ours[column][:, None] - theirs[column][None]))
        return largest

    return ops.fori_loop(0, width // CHUNK, update_largest, ops.zeros((size, count), dtype=columns.dtype))


def _kth_smallest(distances: Any, k: int) -> Any:
    """(B, 1) k-th smallest of each row of (B, N), equal ones counted apart: k passes, each cheap beside one sort."""
    from keras import ops

    def next_larger(_: Any, value: Any) -> Any:
        is_within = distances <= value
        larger = ops.min(ops.where(is_within, np.inf, distances), axis=1, keepdims=True)
        return ops.where(_number(is_within)[:, None] < k, larger, value)

    return ops.fori_loop(0, k, next_larger, ops.full((distances.shape[0], 1), -1.0, dtype=distances.dtype))


def _number(flags: Any) -> Any:
    from keras import ops

    return ops.sum(ops.cast(flags, "int32"), axis=1)


def _dtype(values: Any) -> str:
    from keras.backend import standardize_dtype

    return str(standardize_dtype(values.dtype))
