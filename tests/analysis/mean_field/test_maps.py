"""The maps of length and correlation: known fixed points, critical points and scales, and what iterating them gives."""

import itertools
import math

import numpy as np
import pytest

from analysis.mean_field import (
    ACTIVATIONS,
    correlation_fixed_point,
    correlation_map,
    critical_gain,
    depth_scales,
    length_fixed_point,
    length_map,
    slope,
)

CHAOTIC = [("tanh", 1.5, 0.0), ("tanh", 2.0, 0.3), ("erf", 1.3, 0.2), ("tanh", 3.0, 0.1)]
ORDERED = [("tanh", 1.0, 0.3), ("erf", 0.8, 0.5), ("tanh", 0.5, 0.1), ("relu", 1.0, 0.4), ("linear", 0.7, 0.2)]


def test_tanh_without_biases_is_critical_at_gain_1() -> None:
    assert length_fixed_point("tanh", 1.0) == 0.0
    assert slope("tanh", 1.0) == pytest.approx(1.0, abs=1e-12)
    assert slope("tanh", 0.9) == pytest.approx(0.81, abs=1e-12)
    assert length_fixed_point("tanh", 1.05) > 0.01
    assert slope("tanh", 1.05) > 1


@pytest.mark.parametrize(
    ("activation", "gain"), [("tanh", 1.0), ("linear", 1.0), ("relu", math.sqrt(2)), ("erf", math.sqrt(math.pi) / 2)]
)
def test_critical_gains_without_biases_are_the_known_ones(activation: str, gain: float) -> None:
    assert critical_gain(activation) == pytest.approx(gain, abs=1e-6)


@pytest.mark.parametrize("bias_std", [0.1, 1.0])
def test_biases_move_the_critical_gain_of_units_that_saturate_alone(bias_std: float) -> None:
    assert critical_gain("relu", bias_std) == pytest.approx(math.sqrt(2), abs=1e-9)
    assert critical_gain("linear", bias_std) == pytest.approx(1.0, abs=1e-9)
    line = [critical_gain(name, std) for name in ("tanh", "erf") for std in (0.0, bias_std)]
    assert line[0] < line[1]
    assert line[2] < line[3]


@pytest.mark.parametrize(("activation", "bias_std"), list(itertools.product(["tanh", "erf"], [0.05, 0.3, 1.0])))
def test_on_the_critical_line_the_slope_is_1_and_correlations_have_no_scale(activation: str, bias_std: float) -> None:
    gain = critical_gain(activation, bias_std)
    assert slope(activation, gain, bias_std) == pytest.approx(1.0, abs=1e-9)
    assert depth_scales(activation, gain, bias_std).correlation > 1e4
    assert slope(activation, gain * 0.99, bias_std) < 1 < slope(activation, gain * 1.01, bias_std)


@pytest.mark.parametrize(("activation", "gain", "bias_std"), CHAOTIC + ORDERED)
def test_the_fixed_points_are_where_iterations_end(activation: str, gain: float, bias_std: float) -> None:
    length, correlation = 1.0, 0.2
    fixed = length_fixed_point(activation, gain, bias_std)
    for _ in range(600):
        length = length_map(length, activation, gain, bias_std)
    assert length == pytest.approx(fixed, rel=1e-9)
    for _ in range(600):
        correlation = correlation_map(correlation, fixed, activation, gain, bias_std)
    assert correlation == pytest.approx(correlation_fixed_point(activation, gain, bias_std), abs=1e-6)


@pytest.mark.parametrize(("activation", "gain", "bias_std"), CHAOTIC)
def test_in_chaos_signals_part_and_in_order_they_come_together(activation: str, gain: float, bias_std: float) -> None:
    assert slope(activation, gain, bias_std) > 1
    assert 0 <= correlation_fixed_point(activation, gain, bias_std) < 0.999
    assert correlation_fixed_point(activation, 0.6, bias_std) == 1.0


@pytest.mark.parametrize(("activation", "gain", "bias_std"), [CHAOTIC[1], CHAOTIC[2], *ORDERED[:3]])
def test_iterations_come_nearer_at_the_depth_scales(activation: str, gain: float, bias_std: float) -> None:
    """The distance from the fixed point falls by e over each scale, once it is small."""
    scales, fixed = depth_scales(activation, gain, bias_std), length_fixed_point(activation, gain, bias_std)
    lengths = [fixed * (1 + 1e-4)]
    lengths.append(length_map(lengths[0], activation, gain, bias_std))
    assert math.log((lengths[0] - fixed) / (lengths[1] - fixed)) == pytest.approx(1 / scales.length, rel=1e-3)
    end = correlation_fixed_point(activation, gain, bias_std)
    near = end - 1e-4
    after = correlation_map(near, fixed, activation, gain, bias_std)
    assert math.log((end - near) / (end - after)) == pytest.approx(1 / scales.correlation, rel=1e-2)


def test_lengths_of_relu_and_linear_units_have_their_closed_forms() -> None:
    assert length_fixed_point("linear", 0.8, 0.5) == pytest.approx(0.25 / (1 - 0.64), rel=1e-10)
    assert length_fixed_point("relu", 1.1, 0.5) == pytest.approx(0.25 / (1 - 1.21 / 2), rel=1e-10)
    assert length_fixed_point("linear", 1.0) == 1.0
    assert length_fixed_point("relu", math.sqrt(2)) == 1.0
    assert length_fixed_point("relu", 1.5) == length_fixed_point("linear", 1.0, 0.1) == math.inf
    assert math.isnan(depth_scales("relu", 1.5).length)
    assert math.isnan(correlation_fixed_point("relu", 1.5))
    assert depth_scales("linear", 0.8, 0.5) == pytest.approx((-1 / math.log(0.64),) * 2, rel=1e-6)


def test_erf_is_tanh_in_other_units_nearly() -> None:
    """Slopes at 0 are 2 / sqrt(pi) and 1: in units of the critical gain both pass to chaos in the same way."""
    for ratio in (0.7, 1.1):
        ours = slope("erf", ratio * critical_gain("erf")), slope("tanh", ratio * critical_gain("tanh"))
        assert ours[0] == pytest.approx(ours[1], rel=0.02)


@pytest.mark.parametrize("activation", ["tanh", "erf"])
def test_the_slope_is_that_of_the_correlation_map_at_1(activation: str) -> None:
    gain, bias_std = 1.4, 0.3
    length = length_fixed_point(activation, gain, bias_std)
    at = [correlation_map(c, length, activation, gain, bias_std) for c in (1 - 1e-4, 1.0)]
    assert (at[1] - at[0]) / 1e-4 == pytest.approx(slope(activation, gain, bias_std), rel=1e-3)
    assert at[1] == pytest.approx(1.0, abs=1e-7)


def test_a_random_network_has_the_length_and_slope_of_its_layer() -> None:
    generator, gain, bias_std, width = np.random.default_rng(0), 1.6, 0.4, 2000
    signal, fixed = generator.normal(size=width), length_fixed_point("tanh", gain, bias_std)
    for _ in range(8):
        inputs = gain * generator.normal(size=(width, width)) @ signal / np.sqrt(width)
        inputs += bias_std * generator.normal(size=width)
        signal = np.tanh(inputs)
    assert np.mean(inputs**2) == pytest.approx(fixed, rel=6 * math.sqrt(2 / width))
    squares = gain**2 * ACTIVATIONS["tanh"].derivative(inputs) ** 2
    assert squares.mean() == pytest.approx(slope("tanh", gain, bias_std), rel=0.1)


def test_no_gain_makes_units_without_a_slope_chaotic(monkeypatch: pytest.MonkeyPatch) -> None:
    flat = ACTIVATIONS["linear"].__class__(np.zeros_like, np.zeros_like, lambda u, v, c: 0 * c, lambda u, v, c: 0 * c)
    monkeypatch.setitem(ACTIVATIONS, "linear", flat)
    assert math.isnan(critical_gain("linear", 0.1))
