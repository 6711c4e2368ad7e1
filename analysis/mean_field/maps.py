"""What a layer of a wide random network does to the length of a signal and to the angle of two.

Weights N(0, gain^2 / fan_in), biases N(0, bias_std^2). q is the variance of a unit's input over networks, c the
correlation of the inputs that two signals give it (Poole et al. 2016, section 2; Schoenholz et al. 2017, section 3).
"""

from math import inf, isinf, log
from typing import NamedTuple

import numpy as np
from scipy.optimize import brentq

from analysis.mean_field.activations import ACTIVATIONS, MeanFieldActivation
from trainables.config import Activation

START = 1.0
"""From this q the fixed point of the length is approached; tanh, erf, relu and linear units have one at most."""
SMALLEST, LARGEST = 1e-14, 1e14
STEADY = 1e-12
FACTOR = 1.1
FLAT = 1e-6
"""A slope nearer than this to 1 is not told from it: that of the length is a difference quotient."""
NEAREST = 1e-9
"""A correlation nearer than this to 1 is not told from it."""
LARGEST_GAIN = 1e3


class DepthScales(NamedTuple):
    """Layers over which a length, and a correlation, come nearer their fixed points by a factor of e."""

    length: float
    correlation: float


def length_map(length: float, activation: Activation, gain: float, bias_std: float = 0.0) -> float:
    """V(q) = gain^2 E phi(sqrt(q) z)^2 + bias_std^2, the variance of the next layer's inputs."""
    return gain**2 * ACTIVATIONS[activation].mean_square(length) + bias_std**2


def length_fixed_point(activation: Activation, gain: float, bias_std: float = 0.0) -> float:
    """q*, the length that layer after layer leads to from q = 1: 0 where signals die, inf where they grow without end.

    V rises with q, so it is the next solution of V(q) = q on the side to which the first layer moves. Where V(1) = 1,
    to rounding, it is 1: critical linear and relu units keep every length.
    """

    def growth(length: float) -> float:
        return length_map(length, activation, gain, bias_std) / length - 1

    here, at = growth(START), START
    if abs(here) <= STEADY:
        return START
    step = FACTOR if here > 0 else 1 / FACTOR
    while SMALLEST < at < LARGEST:
        if growth(at * step) * here <= 0:
            return float(brentq(growth, min(at, at * step), max(at, at * step), xtol=1e-16, rtol=1e-14))
        at *= step
    return inf if here > 0 else 0.0


def slope(activation: Activation, gain: float, bias_std: float = 0.0) -> float:
    """chi_1 = gain^2 E phi'(sqrt(q*) z)^2: the slope of the correlation map at 1, below 1 in order, above it in chaos.

    It is the mean squared singular value of a layer's Jacobian too, once lengths are q*.
    """
    length = min(length_fixed_point(activation, gain, bias_std), LARGEST)
    return gain**2 * ACTIVATIONS[activation].mean_square_of_derivative(length)


def correlation_map(
    correlation: float, length: float, activation: Activation, gain: float, bias_std: float = 0.0
) -> float:
    """The correlation of the next layer's inputs, for two signals of the length q*."""
    product = _of_two(ACTIVATIONS[activation], length, correlation)
    return (gain**2 * product + bias_std**2) / length_map(length, activation, gain, bias_std)


def correlation_fixed_point(activation: Activation, gain: float, bias_std: float = 0.0) -> float:
    """c*, the correlation that layer after layer leads to: 1 in order, below 1 in chaos.

    Also 1 where q* is 0, as covariances die like the lengths; NaN where q* is infinite.
    """
    length = length_fixed_point(activation, gain, bias_std)
    if isinf(length):
        return float("nan")
    if length == 0 or slope(activation, gain, bias_std) <= 1 + NEAREST:
        return 1.0

    def rise(correlation: float) -> float:
        return correlation_map(correlation, length, activation, gain, bias_std) - correlation

    if rise(0.0) <= NEAREST**2:
        return 0.0
    return float(brentq(rise, 0.0, 1 - NEAREST, xtol=1e-14)) if rise(1 - NEAREST) < 0 else 1.0


def depth_scales(activation: Activation, gain: float, bias_std: float = 0.0) -> DepthScales:
    """xi_q = -1 / ln V'(q*) and xi_c = -1 / ln(gain^2 E phi'(u) phi'(v)) at c*; inf where nothing comes nearer.

    Schoenholz et al. 2017, section 3. NaN where q* is infinite.
    """
    length = length_fixed_point(activation, gain, bias_std)
    if isinf(length):
        return DepthScales(float("nan"), float("nan"))
    shift = 1e-4 * length if length > 0 else 1e-7
    low = max(length - shift, 0.0)
    rise = length_map(length + shift, activation, gain, bias_std) - length_map(low, activation, gain, bias_std)
    correlation = correlation_fixed_point(activation, gain, bias_std)
    if correlation == 1.0:
        steepness = slope(activation, gain, bias_std)
    else:
        steepness = gain**2 * _of_two(ACTIVATIONS[activation], length, correlation, derivative=True)
    return DepthScales(_scale(rise / (length + shift - low)), _scale(steepness))


def critical_gain(activation: Activation, bias_std: float = 0.0) -> float:
    """The gain at which chi_1 passes 1: networks of larger ones are chaotic.

    For gelu chi_1 does so by a jump, where lengths begin to grow without end. NaN where no gain up to 1000 is critical.
    """
    low, high = 1e-3, 2.0
    while slope(activation, high, bias_std) <= 1:
        low, high = high, 2 * high
        if high > LARGEST_GAIN:
            return float("nan")
    return float(brentq(lambda gain: slope(activation, gain, bias_std) - 1, low, high, xtol=1e-12))


def _scale(steepness: float) -> float:
    if steepness <= 0:
        return 0.0
    return -1 / log(steepness) if steepness < 1 - FLAT else inf


def _of_two(activation: MeanFieldActivation, length: float, correlation: float, derivative: bool = False) -> float:
    lengths, covariance = np.array([length]), np.array([[correlation * length]])
    product = activation.product_of_derivatives if derivative else activation.product
    return float(product(lengths, lengths, covariance)[0, 0])
