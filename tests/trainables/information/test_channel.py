"""The channel image -> layer + Gaussian noise, against closed forms and by its laws."""

import dataclasses
from itertools import pairwise
from math import log2

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.integrate import quad

from trainables import information
from trainables.information import (
    DegenerateInput,
    channel_information,
    decoded_information,
    propagated_information,
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


def noisy_chain(images: int, paths: int, layers: int, noise: float) -> list[NDArray[np.float64]]:
    """Layers of a random linear network with noise at each, (images, paths, units) before their own noise."""
    generator = np.random.default_rng(2)
    signal = np.repeat(generator.normal(size=(images, 1, 12)), paths, axis=1)
    found = []
    for _ in range(layers):
        signal = np.tanh(signal @ np.linalg.qr(generator.normal(size=(12, 12)))[0])
        found.append(signal)
        signal = signal + noise * generator.normal(size=signal.shape)
    return found


def test_one_path_repeated_gives_the_exact_channel() -> None:
    signals = np.random.default_rng(2).normal(size=(400, 6))
    same = propagated_information(np.repeat(signals[:, None], 3, axis=1), 1.0)
    exact = channel_information(signals, 1.0, draws=4)
    assert abs(same.bits - exact.bits) <= 3 * np.hypot(same.standard_error, exact.standard_error)
    assert same.lower == pytest.approx(same.upper)


def test_gaussian_noise_before_a_linear_layer_is_the_exact_channel_with_more_noise() -> None:
    generator, noise = np.random.default_rng(4), 0.8
    signals = generator.normal(size=(300, 4))
    before = signals[:, None] + noise * generator.normal(size=(300, 100, 4))
    found = propagated_information(before, noise)
    exact = channel_information(signals, noise * np.sqrt(2), draws=20)
    assert found.lower <= exact.bits + 3 * found.standard_error
    assert found.upper >= exact.bits - 3 * found.standard_error
    assert found.upper - found.lower < 0.2
    assert abs(found.bits - exact.bits) < 3 * found.standard_error + (found.upper - found.lower) / 2


def test_information_never_rises_along_a_noisy_network() -> None:
    layers = noisy_chain(200, 48, 5, 0.3)
    found = [propagated_information(layer, 0.3) for layer in layers]
    for one, following in pairwise(found):
        assert following.lower <= one.upper + 3 * np.hypot(one.standard_error, following.standard_error)
    assert found[-1].upper < found[0].lower


def test_more_paths_bring_the_bounds_together() -> None:
    layer = noisy_chain(150, 128, 3, 0.3)[-1]
    widths = [
        one.upper - one.lower for paths in (4, 16, 128) for one in [propagated_information(layer[:, :paths], 0.3)]
    ]
    assert widths == sorted(widths, reverse=True)


def test_paths_too_far_apart_to_tell_give_bounds_and_not_nan() -> None:
    paths = 1e3 * np.random.default_rng(0).normal(size=(20, 3, 8))
    found = propagated_information(paths, 1e-3)
    assert np.isfinite([found.bits, found.lower, found.upper]).all()


def linear(images: int, units: int, paths: int, before: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    generator = np.random.default_rng(1)
    signals = generator.normal(size=(images, units))
    return signals, signals[:, None] + before * generator.normal(size=(images, paths, units))


@pytest.mark.parametrize(("units", "before", "noise"), [(5, 0.3, 0.4), (40, 0.5, 1.5), (40, 1.5, 1.0)])
def test_the_bound_of_a_decoder_is_tight_where_noise_is_gaussian_and_never_above_the_truth(
    units: int, before: float, noise: float
) -> None:
    signals, paths = linear(250, units, 40, before)
    truth = channel_information(signals, float(np.hypot(before, noise)), draws=10)
    found = decoded_information(paths, noise)
    error = float(np.hypot(found.standard_error, truth.standard_error))
    assert 0.5 < truth.bits < 0.98 * truth.ceiling
    assert truth.bits - 0.35 - 3 * error <= found.bits <= truth.bits + 3 * error


def test_paths_that_tell_nothing_give_about_nothing() -> None:
    paths = np.random.default_rng(0).normal(size=(300, 30, 50))
    found = decoded_information(paths, 0.1)
    assert -0.3 < found.bits <= 3 * found.standard_error


def test_images_far_apart_are_all_decoded() -> None:
    paths = 50.0 * np.eye(32)[:, None] + np.random.default_rng(0).normal(size=(32, 10, 32))
    assert decoded_information(paths, 0.1).bits == pytest.approx(5.0, abs=1e-6)


def test_layers_of_very_different_sizes_are_decoded_and_not_an_error() -> None:
    generator = np.random.default_rng(0)
    signal = np.repeat(generator.normal(size=(60, 1, 50)), 16, axis=1)
    for _ in range(16):
        signal = (signal + generator.normal(size=signal.shape)) @ generator.normal(0, 2 / np.sqrt(50), (50, 50))
    found = decoded_information(signal, 1.0)
    assert np.isfinite(found.bits)  # a bound far below 0 is true, and says nothing
    assert found.bits <= np.log2(60)


def clusters(images: int, classes: int, paths: int) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Images about the center of their class, on paths with noise of 0.5, and their labels."""
    generator, labels = np.random.default_rng(3), np.arange(images) % classes
    signals = generator.normal(size=(classes, 3))[labels] + 0.5 * generator.normal(size=(images, 3))
    return signals[:, None] + 0.5 * generator.normal(size=(images, paths, 3)), labels


def test_of_labels_the_bounds_of_paths_and_of_the_decoder_hold_the_truth() -> None:
    """Gaussian noise of 0.5 before the layer's own of 0.4 is an exact channel with their root sum of squares."""
    paths, labels = clusters(240, 4, 60)
    generator = np.random.default_rng(3)
    signals = generator.normal(size=(4, 3))[labels] + 0.5 * generator.normal(size=(240, 3))
    truth = channel_information(signals, float(np.hypot(0.5, 0.4)), labels=labels, draws=20)
    found = propagated_information(paths, 0.4, labels=labels)
    decoded = decoded_information(paths, 0.4, labels=labels)
    error = 3 * found.label_standard_error
    assert 0.5 < truth.label_bits < 0.9 * truth.label_ceiling
    assert found.label_ceiling == truth.label_ceiling == 2.0
    assert found.label_lower - error <= truth.label_bits <= found.label_upper + error
    assert found.label_upper - found.label_lower < 0.1
    assert truth.label_bits - 0.3 <= decoded.label_bits <= truth.label_bits + 3 * decoded.label_standard_error
    assert found.label_bits < found.bits


def test_labels_change_no_other_value_of_paths() -> None:
    paths, labels = clusters(60, 3, 10)
    with_labels, without = propagated_information(paths, 0.4, labels=labels), propagated_information(paths, 0.4)
    assert (with_labels.bits, with_labels.lower, with_labels.upper) == (without.bits, without.lower, without.upper)
    assert decoded_information(paths, 0.4, labels=labels)[:2] == decoded_information(paths, 0.4)[:2]
    assert without.label_bits is decoded_information(paths, 0.4).label_bits is None


def test_where_every_image_is_a_class_of_its_own_labels_tell_as_much_as_images() -> None:
    paths, _ = clusters(60, 3, 10)
    found = propagated_information(paths, 0.4, labels=range(60))
    assert (found.label_lower, found.label_upper) == (pytest.approx(found.lower), pytest.approx(found.upper))
    decoded = decoded_information(paths, 0.4, labels=range(60))
    assert decoded.label_bits == pytest.approx(decoded.bits)


def test_labels_of_another_number_of_images_are_refused() -> None:
    with pytest.raises(DegenerateInput, match="labels has 5"):
        propagated_information(np.zeros((6, 3, 2)), 1.0, labels=range(5))


@pytest.mark.parametrize("shape", [(5, 3), (1, 3, 2), (5, 1, 2)])
def test_paths_of_another_shape_are_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(DegenerateInput, match="images, paths, units"):
        propagated_information(np.zeros(shape), 1.0)


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
