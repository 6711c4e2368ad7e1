"""Noise at every layer: bounds of I(X;T) and I(T;Y) by paths through the network, and by a decoder."""

from itertools import pairwise

import numpy as np
import pytest
from numpy.typing import NDArray

from trainables.information import (
    DegenerateInput,
    channel_information,
    decoded_information,
    propagated_information,
)


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
