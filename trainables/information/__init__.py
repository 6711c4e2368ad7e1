"""Mutual information between layers: the exact Kraskov estimator, fast, and how far to trust it.

Imports nothing of ours outside this package.
"""

from trainables.information.credibility.diagnostics import diagnose as diagnose
from trainables.information.estimators.batches import measure_pairs as measure_pairs
from trainables.information.estimators.conditional import (
    conditional_mutual_information as conditional_mutual_information,
)
from trainables.information.estimators.formulas import ESTIMATORS as ESTIMATORS
from trainables.information.estimators.ksg import measure as measure
from trainables.information.estimators.ksg import mutual_information as mutual_information
from trainables.information.estimators.labels import mutual_information_with_labels as mutual_information_with_labels
from trainables.information.pair import SCALES as SCALES
from trainables.information.results import Credibility as Credibility
from trainables.information.results import Measurement as Measurement
from trainables.information.results import MutualInformation as MutualInformation
from trainables.information.results import ceiling_bits as ceiling_bits
from trainables.information.samples import NPEET_NOISE as NPEET_NOISE
from trainables.information.samples import DegenerateInput as DegenerateInput
