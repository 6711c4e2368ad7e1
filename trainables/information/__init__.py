"""Mutual information between layers: the exact Kraskov estimator, fast, and how far to trust its value.

Covers estimates from samples: of one pair, of many pairs of the same layers, with labels, and conditional ones; on the
host or on the device of Keras' backend. Covers neither which pairs of a network are measured, nor when, nor what is
recorded: that is `trainables.measurement`. Imports nothing of ours outside this package; anybody may import it, by the
names below.

    api           the functions below, keywords in
    credibility   what limits a value          estimators   from counts to values
    host, device  two implementations of the contract in `pair`
    neighbors     exact neighbor searches on CPUs
    measures      a ladder of measures with the maps that each is invariant under; a face of its own
    results, pair, samples, threads            what all of these share
"""

from trainables.information.api import conditional_mutual_information as conditional_mutual_information
from trainables.information.api import diagnose as diagnose
from trainables.information.api import measure as measure
from trainables.information.api import measure_pairs as measure_pairs
from trainables.information.api import mutual_information as mutual_information
from trainables.information.api import mutual_information_with_labels as mutual_information_with_labels
from trainables.information.channel import ChannelInformation as ChannelInformation
from trainables.information.channel import channel_information as channel_information
from trainables.information.channel import decoded_information as decoded_information
from trainables.information.channel import propagated_information as propagated_information
from trainables.information.credibility.wording import unit as unit
from trainables.information.estimators.formulas import ESTIMATORS as ESTIMATORS
from trainables.information.pair import SCALES as SCALES
from trainables.information.results import Credibility as Credibility
from trainables.information.results import MutualInformation as MutualInformation
from trainables.information.results import PairEstimate as PairEstimate
from trainables.information.results import ceiling_bits as ceiling_bits
from trainables.information.samples import NPEET_NOISE as NPEET_NOISE
from trainables.information.samples import DegenerateInput as DegenerateInput
from trainables.information.threads import available_threads as available_threads
