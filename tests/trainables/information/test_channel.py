"""The channel image -> layer + Gaussian noise, against closed forms and by its laws."""

import dataclasses
from math import log2

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.integrate import quad

from trainables import information
from trainables.information import (
    channel_information,
)
from trainables.information.channel import on_device

NOISES = (0.1, 0.3, 0.6, 1.0, 2.0)
POINTS = {
    "two": np.array([-1.0, 1.0]),
    "four": np.array([-1.5, -0.5, 0.5, 1.5]),
    "unequal": np.array([-2.0, -1.9, -0.3, 0.1, 0.9, 2.2]),
    "eight": np.linspace(-2, 2, 8),
}
COPIES = 1200


def truth(points: NDArray[np.float64], noise: float, groups: NDArray[np.int64] | None = None) -> float:
    """I in bits of one of these equally likely numbers, or its group, and the number + N(0, noise^2): by quadrature."""
    groups = np.arange(len(points)) if groups is None else groups

    def density(t: float, of: NDArray[np.float64]) -> float:
        return float(np.exp(-((t - of) ** 2) / (2 * noise**2)).mean() / (noise * np.sqrt(2 * np.pi)))

    def integrand(t: float) -> float:
        whole, value = density(t, points), 0.0
        for group in np.unique(groups):
            within = density(t, points[groups == group])
            if within > 0:
                value += (groups == group).mean() * within * log2(within / whole)
        return value

    ends = points.min() - 9 * noise, points.max() + 9 * noise
    return quad(integrand, *ends, limit=400, points=sorted(points), epsabs=1e-9)[0]


def in_space(points: NDArray[np.float64], d: int = 40) -> NDArray[np.float64]:
    """The points, each many times, along a line in d dimensions: noise across the line tells nothing."""
    direction = np.random.default_rng(1).normal(size=d)
    return np.repeat(points, COPIES // len(points))[:, None] * (direction / np.linalg.norm(direction))


@pytest.mark.parametrize("noise", NOISES)
@pytest.mark.parametrize("points", POINTS.values(), ids=POINTS)
def test_the_value_is_the_closed_form_within_three_standard_errors_and_the_bounds_bracket_it(
    points: NDArray[np.float64], noise: float
) -> None:
    found, exact = channel_information(in_space(points), noise, draws=3), truth(points, noise)
    assert abs(found.bits - exact) <= 3 * found.standard_error + 1e-5
    assert found.standard_error < 0.03
    assert found.lower - 1e-9 <= exact <= found.upper + 1e-9


@pytest.mark.parametrize("noise", NOISES)
def test_the_value_of_labels_is_the_closed_form(noise: float) -> None:
    points, groups = POINTS["eight"], np.array([0, 0, 1, 1, 1, 0, 2, 2])
    labels = np.repeat(groups, COPIES // len(points))
    found = channel_information(in_space(points), noise, labels=labels, draws=3)
    assert found.label_bits is not None
    assert found.label_standard_error is not None
    assert abs(found.label_bits - truth(points, noise, groups)) <= 3 * found.label_standard_error + 1e-5
    shares = np.array([3, 3, 2]) / 8
    assert found.label_ceiling == pytest.approx(-(shares * np.log2(shares)).sum())


def test_the_bits_of_independent_units_add_up() -> None:
    corners = np.stack(np.meshgrid(*[[-1.0, 1.0]] * 8), axis=-1).reshape(-1, 8)
    found = channel_information(np.repeat(corners, 8, axis=0), 1.0, draws=4)
    assert abs(found.bits - 8 * truth(POINTS["two"], 1.0)) <= 3 * found.standard_error


@pytest.mark.parametrize("noise", [0.05, 1.0])
def test_neither_moving_nor_turning_a_layer_changes_its_value(noise: float) -> None:
    generator = np.random.default_rng(3)
    signals = np.tanh(generator.normal(size=(600, 10)))
    turn = np.linalg.qr(generator.normal(size=(10, 10)))[0]
    one, other = channel_information(signals, noise, draws=4), channel_information(signals @ turn + 7.0, noise, draws=4)
    assert abs(one.bits - other.bits) <= 4 * np.hypot(one.standard_error, other.standard_error)
    assert other.lower == pytest.approx(one.lower, abs=1e-9)
    assert other.upper == pytest.approx(one.upper, abs=1e-9)


def test_images_far_apart_give_log2_of_their_number_and_that_is_said() -> None:
    found = channel_information(100.0 * np.eye(64), 0.1)
    assert found.bits == pytest.approx(6.0)
    assert found.ceiling == 6.0
    assert found.saturated
    assert found.n_curve == {16: pytest.approx(4.0), 32: pytest.approx(5.0), 64: pytest.approx(6.0)}


def test_equal_images_give_nothing() -> None:
    found = channel_information(np.ones((500, 3)), 0.1)
    assert (found.bits, found.lower, found.upper) == (0.0, 0.0, 0.0)
    assert not found.saturated


def test_the_standard_error_is_the_spread_over_seeds() -> None:
    signals = np.random.default_rng(0).normal(size=(300, 5))
    found = [channel_information(signals, 1.0, draws=2, seed=seed) for seed in range(60)]
    spread = np.std([one.bits for one in found], ddof=1)
    assert 0.75 < spread / np.mean([one.standard_error for one in found]) < 1.33
    single = channel_information(signals, 1.0)
    assert single.standard_error > np.sqrt(2) * np.mean([one.standard_error for one in found])


def test_equal_seeds_give_equal_bytes_for_any_number_of_threads() -> None:
    signals = np.random.default_rng(0).normal(size=(2500, 30)).astype(np.float32)
    labels = np.arange(2500) % 7
    found = [
        channel_information(signals, 2.0, labels=labels, draws=2, seed=5, threads=threads) for threads in (1, 2, 5)
    ]
    assert found[0] == found[1] == found[2]
    assert channel_information(signals, 2.0, draws=2, seed=5).bits == found[0].bits
    assert channel_information(signals, 2.0, seed=6).bits != found[0].bits


def test_more_images_never_lower_the_mean_value() -> None:
    signals = np.random.default_rng(0).normal(size=(4000, 6))
    curve = list(channel_information(signals, 0.3, draws=2).n_curve.values())
    assert curve == sorted(curve)


@pytest.mark.parametrize(
    ("arguments", "culprit"),
    [
        ({"noise": 0.0}, "noise = 0.0"),
        ({"noise": float("nan")}, "noise = nan"),
        ({"draws": 0}, "draws = 0"),
        ({"threads": 0}, "threads = 0"),
        ({"signals": [[1.0], [np.nan]]}, r"signals\[1, 0\] = nan"),
        ({"labels": [1, 2, 3]}, "signals has 2 rows and labels has 3"),
        ({"signals": [["a"], ["b"]]}, "dtype"),
    ],
)
def test_wrong_arguments_are_named(arguments: dict, culprit: str) -> None:
    with pytest.raises(ValueError, match=culprit):
        channel_information(**{"signals": [[0.0], [1.0]], "noise": 1.0} | arguments)


def test_nothing_else_of_the_process_is_left_with_one_thread() -> None:
    import threadpoolctl

    before = threadpoolctl.threadpool_info()
    channel_information(np.eye(5), 1.0)
    assert threadpoolctl.threadpool_info() == before


def test_the_channel_is_part_of_the_face() -> None:
    assert information.channel_information is channel_information


@pytest.mark.every_backend
@pytest.mark.parametrize("count", [130, 300])
def test_the_device_gives_the_values_of_the_cpu_but_for_rounding(count: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(on_device, "ROWS_AT_ONCE", 128)
    signals = np.tanh(np.random.default_rng(0).normal(size=(count, 7)))
    for noise in (0.05, 1.0):
        options = {"labels": np.arange(count) % 3, "draws": 2, "seed": 4}
        expected = channel_information(signals, noise, **options)
        found = channel_information(signals, noise, **options, device=True)
        for field in dataclasses.fields(expected):
            value, of_cpu = getattr(found, field.name), getattr(expected, field.name)
            expected_value = None if of_cpu is None else pytest.approx(of_cpu, rel=1e-9, abs=1e-12)
            assert value == expected_value, field.name
        assert channel_information(signals, noise, **options, device=True) == found
