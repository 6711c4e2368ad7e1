"""Row orders that place near neighbors side by side, so that the first radii found are already tight."""

import numpy as np
import numpy.typing as npt

from trainables.information.samples import Floats

MAX_COLUMNS = 48
SAMPLED_ROWS = 256
FARTHEST = 1e6
TINY = np.float32(1e-30)


def spatial_order(*spaces: Floats, leaf: int) -> npt.NDArray[np.int64]:
    """Permutation of the rows by recursive median splits of the joint space along its widest direction.

    Each run of `leaf` rows is spatially compact. The order decides how fast neighbors are found, never which.
    """
    count = len(spaces[0])
    if count <= leaf:
        return np.arange(count)
    points = _widest_columns(spaces)
    pending, leaves = [np.arange(count)], []
    while pending:
        rows = pending.pop()
        if len(rows) <= leaf:
            leaves.append(rows)
            continue
        near, far = _halves(points, rows, leaf)
        pending += [far, near]
    return np.concatenate(leaves)


def _widest_columns(spaces: tuple[Floats, ...]) -> npt.NDArray[np.float32]:
    stride = max(1, len(spaces[0]) // SAMPLED_ROWS)
    widths = np.concatenate([np.ptp(space[::stride].astype(np.float64), axis=0) for space in spaces])
    widest = np.zeros(len(widths), np.bool_)
    widest[np.argsort(-widths)[:MAX_COLUMNS]] = True
    chosen = np.split(widest, np.cumsum([space.shape[1] for space in spaces])[:-1])
    points = np.hstack([space[:, columns].astype(np.float64) for space, columns in zip(spaces, chosen, strict=True)])
    # In one unit of length for all, and without the far tails, squares stay inside float32.
    with np.errstate(over="ignore"):
        points /= widths.max() or 1.0
    return np.clip(points, -FARTHEST, FARTHEST).astype(np.float32)


def _halves(
    points: npt.NDArray[np.float32], rows: npt.NDArray[np.int64], leaf: int
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    centred = points[rows]
    centred -= centred.mean(axis=0)
    projection = _principal_projection(centred)
    # A whole number of leaves on the near side keeps every leaf but the last one full.
    half = (len(rows) // 2 + leaf - 1) // leaf * leaf
    split = np.argpartition(projection, half)
    return rows[split[:half]], rows[split[half:]]


def _principal_projection(centred: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    direction = centred[np.argmax(np.einsum("nd,nd->n", centred, centred))]
    for _ in range(2):
        direction = direction / (np.sqrt(direction @ direction) + TINY)
        direction = centred.T @ (centred @ direction)
    return centred @ direction
