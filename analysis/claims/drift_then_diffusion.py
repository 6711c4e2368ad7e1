"""Hodas & Stinis 2018, section 3, after Shwartz-Ziv & Tishby 2017: training has a drift phase, in which the error
decreases fast while successive layers are highly correlated, and a diffusion phase, in which it decreases slowly if at
all.

Read as there: in a drift the gradients of mini-batches agree, in a diffusion each is mostly noise. Judged for every
network trained by mini-batches by itself, each architecture apart, with the gradients' signal to noise of the network:
the root mean square over its hidden layers, of each the norm of the expected gradient over the root of the total
variance of a batch's. Its binary logarithm before training, above 0, and after the last epoch, below 0; the rank
correlation over measured epochs of this ratio with the decrease of the test error to the next measured epoch, per
epoch, above 0; and that of the ratio with the MI of successive layers, the mean over all pairs of them, above 0. A
ratio below 1/64 counts as 1/64: so few batches do not tell it from 0. Of training by all images at once, as the
paper's was, it says nothing: such gradients have no noise.
"""

from collections.abc import Sequence

import numpy as np

from analysis.claims.contrasts import of_each, rank_correlation_or_nan
from analysis.claims.model import Claim, Effect, Measure
from analysis.claims.runs import NOTHING, Curve, Run, RunGroup, alone, by_mini_batches
from analysis.quantities import SIGNAL_TO_NOISE

LEAST = 1 / 64


def groups(runs: Sequence[Run]) -> list[RunGroup]:
    """Each network trained by mini-batches that is else one of the paper's."""
    return alone(by_mini_batches(runs))


def signal_to_noise(run: Run) -> Curve:
    """Of the network, at the epochs at which every hidden layer has its own."""
    return _over_layers([run.of_layer(str(one), SIGNAL_TO_NOISE) for one in _layers(run)], 2)


def successive_bits(run: Run, measure: Measure) -> Curve:
    """The mean MI of each hidden layer and the next, at the epochs at which all are known."""
    return _over_layers([run.bits(f"{one}-{one + 1}", measure) for one in _layers(run)[:-1]], 1)


def _layers(run: Run) -> range:
    return range(1, int(run.config["depth"]) + 1)


def _over_layers(curves: Sequence[Curve], power: int) -> Curve:
    """The power mean of curves, at the epochs at which all have a value."""
    epochs = sorted(set.intersection(*(set(curve.epochs.tolist()) for curve in curves)))
    if not epochs:
        return NOTHING
    values = np.mean([curve.values[np.isin(curve.epochs, epochs)] ** power for curve in curves], axis=0)
    return Curve(np.array(epochs), values ** (1 / power), any(curve.is_near_ceiling for curve in curves))


def is_measured(run: Run, measure: Measure) -> bool:
    """Whether all that is compared is known before and after training."""
    return all(map(run.is_whole, (signal_to_noise(run), successive_bits(run, measure), run.errors)))


def at_first(run: Run, _: Measure) -> float:
    """Binary logarithm of the signal to noise before training."""
    return float(np.log2(max(signal_to_noise(run).first, LEAST)))


def at_last(run: Run, _: Measure) -> float:
    """Binary logarithm of the signal to noise after the last epoch."""
    return float(np.log2(max(signal_to_noise(run).last, LEAST)))


def with_decrease(run: Run, _: Measure) -> float:
    """Rank correlation of the signal to noise with the error's decrease; NaN when one of them never changes."""
    ratio, errors = signal_to_noise(run), run.errors
    of_ratio, of_errors = np.intersect1d(ratio.epochs, errors.epochs, return_indices=True)[1:]
    decrease = -np.diff(errors.values[of_errors]) / np.diff(errors.epochs[of_errors])
    return rank_correlation_or_nan(np.maximum(ratio.values[of_ratio][:-1], LEAST), decrease)


def with_successive_bits(run: Run, measure: Measure) -> float:
    """Rank correlation of the signal to noise with the MI of successive layers; NaN when one of them never changes."""
    ratio, bits = signal_to_noise(run), successive_bits(run, measure)
    _, of_ratio, of_bits = np.intersect1d(ratio.epochs, bits.epochs, return_indices=True)
    return rank_correlation_or_nan(np.maximum(ratio.values[of_ratio], LEAST), bits.values[of_bits])


CLAIM = Claim(
    number=17,
    name="drift-then-diffusion",
    statement="By mini-batches: a drift in which the error falls fast and successive layers share much, then diffusion",
    paper="Hodas & Stinis 2018",
    section="3 Results, after Shwartz-Ziv & Tishby 2017",
    definition=__doc__,
    preset="mini-batches",
    needs="networks trained by mini-batches, with the measure gradient and the pairs successive",
    groups=groups,
    is_measured=is_measured,
    effects=(
        Effect(
            "signal to noise of gradients before training", "doublings", "above", of_each(at_first), each="architecture"
        ),
        Effect(
            "signal to noise of gradients after training", "doublings", "below", of_each(at_last), each="architecture"
        ),
        Effect(
            "rank correlation of the signal to noise with the error's decrease",
            "rho",
            "above",
            of_each(with_decrease),
            each="architecture",
        ),
        Effect(
            "rank correlation of the signal to noise with the MI of successive layers",
            "rho",
            "above",
            of_each(with_successive_bits),
            each="architecture",
        ),
    ),
    curve=successive_bits,
    settings=("measure.pairs=[first-merged, successive]", "measure.measures=[gradient]"),
)
