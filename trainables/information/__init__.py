"""Mutual information between layers: the exact Kraskov estimator, fast, and how far to trust it.

Imports nothing of ours outside this package.
"""

from trainables.information.batches import measure_pairs as measure_pairs
from trainables.information.conditional import conditional_mutual_information as conditional_mutual_information
from trainables.information.credibility import Credibility as Credibility
from trainables.information.diagnostics import diagnose as diagnose
from trainables.information.estimators import ESTIMATORS as ESTIMATORS
from trainables.information.ksg import Measurement as Measurement
from trainables.information.ksg import MutualInformation as MutualInformation
from trainables.information.ksg import ceiling_bits as ceiling_bits
from trainables.information.ksg import measure as measure
from trainables.information.ksg import mutual_information as mutual_information
from trainables.information.labels import mutual_information_with_labels as mutual_information_with_labels
from trainables.information.pairs import SCALES as SCALES
from trainables.information.samples import NPEET_NOISE as NPEET_NOISE
from trainables.information.samples import DegenerateInput as DegenerateInput
