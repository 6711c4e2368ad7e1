"""A ladder of measures of what two layers share, each with the maps under which it stays the same.

Mutual information itself stays the same under every invertible map of either side; none of its estimates does. Each
measure here says under which maps it does, and the conformance tests hold it to that: it stays under all that it
claims, and moves under all others. Covers one value of one pair from samples. Covers neither which pairs of a network
are measured nor when. Knows nothing of a config; anybody may import it, by the names below.

    contract   what a measure is, the maps              ksg       Kraskov's estimator on two scales
    rank       KSG of ranks                              gaussian  canonical correlations
    binned     30 bins, each vector a symbol             sliced    mean over one-dimensional projections
    channel    exact, of the image and a noisy layer

Adding one is a file with a `Measure` and a line in `MEASURES`, and in the tests examples of the maps that move it.
"""

from trainables.information.measures import binned, channel, gaussian, ksg, rank, sliced
from trainables.information.measures.contract import MAPS as MAPS
from trainables.information.measures.contract import Measure as Measure
from trainables.information.measures.contract import MeasuredValue as MeasuredValue

MEASURES: dict[str, Measure] = {
    measure.key: measure
    for measure in (
        ksg.AS_IT_IS,
        ksg.BALANCED,
        rank.MEASURE,
        gaussian.MEASURE,
        sliced.MEASURE,
        binned.MEASURE,
        channel.MEASURE,
    )
}
"""Every measure by its key, `name/scale`."""
