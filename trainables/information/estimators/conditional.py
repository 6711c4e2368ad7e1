"""Conditional mutual information of three sets of variables (Frenzel & Pompe 2007)."""

from math import log

import numpy as np
import numpy.typing as npt
from scipy.special import digamma

from trainables.information.estimators.formulas import mean_digamma, require_base, require_threads
from trainables.information.host.layers import RowOrder
from trainables.information.neighbors.queries import counts_within, joint_radii
from trainables.information.neighbors.space import prepare
from trainables.information.results import MutualInformation
from trainables.information.samples import NPEET_NOISE, as_matrix, require_neighbours, require_rows, with_noise
from trainables.information.threads import available_threads


def conditional_mutual_information(
    x: npt.ArrayLike,
    y: npt.ArrayLike,
    z: npt.ArrayLike,
    k: int = 3,
    base: float = 2,
    *,
    noise: float = NPEET_NOISE,
    seed: int = 0,
    threads: int | None = None,
) -> MutualInformation:
    """I(x; y | z) of samples (N, dx), (N, dy), (N, dz), exactly as NPEET's `cmi` computes it (max norm).

    Frenzel & Pompe 2007, eq. 8: digamma(k) - <digamma(n_xz + 1) + digamma(n_yz + 1) - digamma(n_z + 1)>, the numbers
    of other points strictly nearer than the k-th joint neighbour. noise * U[0, 1) is added to x, then to y, and not to
    z, as in NPEET. Where distances in z tie but for the last digits of decimals (0.1 + 0.2 and 0.3), NPEET counts them
    as equal, and its number is another. Arguments and errors otherwise as in `mutual_information`; dims are those of x
    and y.
    """
    require_base(base)
    require_threads(threads)
    require_neighbours(k)
    samples = {name: as_matrix(values, name) for name, values in (("x", x), ("y", y), ("z", z))}
    require_rows(samples, k)
    noisy_x, noisy_y = with_noise(samples["x"], samples["y"], noise, seed)
    workers, condition = threads or available_threads(), samples["z"]
    rows = RowOrder((noisy_x, noisy_y, condition)).rows
    y_space = prepare(noisy_y, rows, workers)
    # The larger of the distances in (x, z) and in y is that in (x, y, z).
    xz, yz, z_space = (
        prepare(side, rows, workers)
        for side in (np.hstack([noisy_x, condition]), np.hstack([noisy_y, condition]), condition)
    )
    radii = joint_radii(xz, y_space, (1.0, 1.0), k, workers)[np.newaxis]
    terms = [mean_digamma(counts_within(space, [1.0], radii, workers)[0] + 1) for space in (xz, yz, z_space)]
    bits = float((digamma(k) - terms[0] - terms[1] + terms[2]) / log(base))
    return MutualInformation(bits, len(condition), k, (noisy_x.shape[1], noisy_y.shape[1]), float(base))
