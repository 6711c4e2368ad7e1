"""Row orders that place near neighbours side by side, so that the first radii found are already tight."""

import numpy as np
import numpy.typing as npt

from trainables.information.samples import Floats

MAX_COLUMNS = 48
SAMPLED_ROWS = 256


def spatial_order(*spaces: Floats, leaf: int) -> npt.NDArray[np.int64]:
    """Permutation of the rows by recursive median splits of the joint space along its widest direction.

    Each run of `leaf` rows is spatially compact. The order decides how fast neighbours are found, never which.
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
    sampled = np.hstack([space[::stride] for space in spaces])
    spread = sampled.std(axis=0)
    widest = np.sort(np.argsort(-spread)[:MAX_COLUMNS])
    # Scaling by one number keeps the geometry and keeps extreme inputs inside float32.
    scale = spread[widest].max() or 1.0
    starts = np.cumsum([0] + [space.shape[1] for space in spaces])
    parts = [
        (space[:, widest[(widest >= start) & (widest < start + space.shape[1])] - start] - 0.0) / scale
        for space, start in zip(spaces, starts, strict=False)
    ]
    return np.clip(np.hstack(parts), -1e15, 1e15).astype(np.float32)


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
        direction = centred.T @ (centred @ direction)
        direction /= np.sqrt(direction @ direction) + np.float32(1e-30)
    return centred @ direction
