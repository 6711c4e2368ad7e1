"""What is recorded of a network's layers at one epoch: from activations to records.

Imported by `observation` and `networks`. Not here: estimators (`information`, `geometry`), the pairs (`probes`).

    pair_records    MI of the probed pairs by KSG, with how far to trust it
    more_measures   what else is asked for of pairs and of layers
    subset          which validation images are measured
"""

from trainables.measurement.more_measures import OF_GRADIENTS as OF_GRADIENTS
from trainables.measurement.more_measures import OF_JACOBIANS as OF_JACOBIANS
from trainables.measurement.more_measures import OF_LAYERS as OF_LAYERS
from trainables.measurement.more_measures import OF_PAIRS as OF_PAIRS
from trainables.measurement.more_measures import MoreMeasures as MoreMeasures
from trainables.measurement.more_measures import of_gradients as of_gradients
from trainables.measurement.more_measures import of_jacobians as of_jacobians
from trainables.measurement.pair_records import Probe as Probe
from trainables.measurement.subset import SUBSET_SEED as SUBSET_SEED
