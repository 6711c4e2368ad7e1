"""Hodas & Stinis 2018, sections 3 and 4: shortcuts raise the mutual information of layers, and thereby speed training.

Judged on pairs of MLP and shortcut network of equal width, depth and seed, as a mediation within pairs. The shortcut
must raise the MI of first and last layer before training, with which training starts: the difference, shortcut less
MLP, in bits, above 0. And the more it raises it the more it must speed training: over seeds of one config, the
correlation of that difference with the difference of the test errors at matched epochs, below 0; of every seed the
product of its two differences, each less its mean over the seeds and over their standard deviation (with n - 1). Both
are needed (joint significance: MacKinnon et al. 2002; for pairs: Judd, Kenny & McClelland 2001). It is a condition of
mediation and no proof: what makes a seed's MI high may make its training fast by another way.
"""

from collections.abc import Sequence

import numpy as np

from analysis.claims.contrasts import between, error_at_matched_epochs
from analysis.claims.model import LADDER, Claim, Effect, Measure
from analysis.claims.runs import Run, RunGroup, across_architectures, has_first_to_last


def bits_at_start(run: Run, other: Run, measure: Measure) -> float:
    """MI before training, `run` less `other`."""
    return run.first_to_last(measure).first - other.first_to_last(measure).first


def products(groups: Sequence[RunGroup], measure: Measure) -> list[float]:
    """Of every seed the product of its standardized differences: their mean is the correlation, but for (n - 1) / n."""
    pairs = [(group.runs["shortcut"], group.runs["mlp"]) for group in groups]
    bits = [bits_at_start(*pair, measure) for pair in pairs]
    errors = [error_at_matched_epochs(*pair) for pair in pairs]
    if len(groups) < 3 or not np.ptp(bits) or not np.ptp(errors):
        return [float("nan")] * len(groups)
    of_bits, of_errors = ((np.array(one) - np.mean(one)) / np.std(one, ddof=1) for one in (bits, errors))
    return [float(value) for value in of_bits * of_errors]


CLAIM = Claim(
    number=19,
    name="mi-mediates",
    statement="The shortcut raises the MI at the start, and the more it does so the more it speeds training",
    paper="Hodas & Stinis 2018",
    section="3 Results; 4 Discussion",
    definition=__doc__,
    preset="paper-controls",
    needs="MLP and shortcut networks at the same width and depth",
    groups=across_architectures("mlp", "shortcut"),
    is_measured=has_first_to_last,
    effects=(
        Effect("MI before training, shortcut less MLP", "bits", "above", between(bits_at_start, "shortcut", "mlp")),
        Effect(
            "correlation over seeds of MI before training with the error, shortcut less MLP", "rho", "below", products
        ),
    ),
    other_measures=LADDER,
)
