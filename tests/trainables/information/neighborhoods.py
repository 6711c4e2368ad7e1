"""What a pair on the host finds: radii and counts, in the caller's row order."""

import numpy as np

from trainables.information.host.pairs import HostPair
from trainables.information.neighbors.queries import counts_within
from trainables.information.pair import Units


def neighborhoods(pair: HostPair, units: Units = (1.0, 1.0)) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(radii, x counts, y counts) of KSG-1, each (N,)."""
    radii, _ = pair.radii(units, "square")
    counts = [
        counts_within(layer.space, [unit], radii[np.newaxis], layer.threads)[0]
        for layer, unit in zip((pair.x, pair.y), units, strict=True)
    ]
    found = []
    for values in (radii, *counts):
        restored = np.empty_like(values)
        restored[pair.x.order.rows] = values
        found.append(restored)
    return found[0], found[1], found[2]
