"""Conditional mutual information of three sets of variables (Frenzel & Pompe 2007)."""

from math import log

import numpy as np
import numpy.typing as npt
from scipy.special import digamma

from trainables.information.estimators.formulas import mean_digamma
from trainables.information.estimators.settings import Settings
from trainables.information.host.layers import RowOrder
from trainables.information.neighbors.queries import counts_within, joint_radii
from trainables.information.neighbors.space import prepare
from trainables.information.results import MutualInformation
from trainables.information.samples import as_matrix, require_rows, with_noise


def conditional_mutual_information(
    x: npt.ArrayLike, y: npt.ArrayLike, z: npt.ArrayLike, settings: Settings, seed: int
) -> MutualInformation:
    """I(x; y | z) by Frenzel & Pompe 2007, eq. 8. Raises DegenerateInput where there is none."""
    k, threads = settings.k, settings.cpu_threads
    samples = {name: as_matrix(values, name) for name, values in (("x", x), ("y", y), ("z", z))}
    require_rows(samples, k)
    noisy_x, noisy_y = with_noise(samples["x"], samples["y"], settings.noise, seed)
    condition = samples["z"]
    rows = RowOrder((noisy_x, noisy_y, condition)).rows
    y_space = prepare(noisy_y, rows, threads)
    # The larger of the distances in (x, z) and in y is that in (x, y, z).
    xz, yz, z_space = (
        prepare(side, rows, threads)
        for side in (np.hstack([noisy_x, condition]), np.hstack([noisy_y, condition]), condition)
    )
    radii = joint_radii(xz, y_space, (1.0, 1.0), k, threads)[np.newaxis]
    terms = [mean_digamma(counts_within(space, [1.0], radii, threads)[0] + 1) for space in (xz, yz, z_space)]
    bits = float((digamma(k) - terms[0] - terms[1] + terms[2]) / log(settings.base))
    return MutualInformation(bits, len(condition), k, (noisy_x.shape[1], noisy_y.shape[1]), float(settings.base))
