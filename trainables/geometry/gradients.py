"""How much of a layer's gradient the batches of an epoch share: drift, and how much is noise of each: diffusion."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from trainables.geometry.measure import Measure

RATIO = Measure(
    None,
    "1",
    shows="Whether steps agree on where to go: above 1 training drifts, below 1 it diffuses.",
    does_not_show="It is of the present weights and this size of batch; it tells neither how far nor how fast they go.",
)
MEAN = Measure(
    None,
    "1",
    shows="How steep the loss is in a layer's weights, relative to their size, with the noise of batches taken out.",
    does_not_show="Steps of RMSprop and Adam are gradients in units of their own recent size, not this.",
)
NOISE = Measure(
    None,
    "1",
    shows="How far the gradients of single batches lie from their mean, relative to the size of the weights.",
    does_not_show="It falls with the root of the batch's size, and holds the noise of batch normalization too.",
)


@dataclass(frozen=True)
class GradientMoments:
    """Of the gradients of several batches, in units of the weights' norm: squared norm of their mean, total variance.

    variance: the sum over weights of the unbiased variance over batches; NaN for fewer than two.
    """

    mean_square: float
    variance: float
    batches: int

    @property
    def signal_square(self) -> float:
        """Squared norm of the expected gradient without bias: a mean of batches still holds a share of their noise."""
        return self.mean_square - self.variance / self.batches


def gradient_signal_to_noise(moments: GradientMoments) -> Measure:
    """Norm of the expected gradient over the root of the total variance of a batch's.

    Shwartz-Ziv & Tishby 2017 (section 3.2, figure 4) take the norms of mean and standard deviation over batches and
    call training drift where the first is larger, diffusion after; here the mean's share of noise is subtracted, so
    that the ratio does not depend on the number of batches.
    """
    return _of(RATIO, moments, lambda of: float(np.sqrt(max(0.0, of.signal_square) / of.variance)))


def gradient_mean(moments: GradientMoments) -> Measure:
    """Norm of the expected gradient, over that of the weights."""
    return _of(MEAN, moments, lambda of: float(np.sqrt(max(0.0, of.signal_square))))


def gradient_noise(moments: GradientMoments) -> Measure:
    """Root of the total variance of a batch's gradient, over the norm of the weights."""
    return _of(NOISE, moments, lambda of: float(np.sqrt(of.variance)))


def _of(measure: Measure, moments: GradientMoments, value: Callable[[GradientMoments], float]) -> Measure:
    if moments.batches < 2:
        return replace(measure, reason="an epoch has no two whole batches, between which gradients could differ")
    if not np.isfinite([moments.mean_square, moments.variance]).all():
        return replace(measure, reason="gradients are not finite")
    if not moments.variance:
        return replace(measure, reason="the gradients of all batches are equal")
    return replace(measure, value=value(moments))
