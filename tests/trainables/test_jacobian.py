"""The spectra are those of the Jacobians, on both backends; orthogonal nets are isometries."""

from dataclasses import replace
from functools import cache
from typing import Any

import keras
import numpy as np
import pytest

from tests import trained
from tests.trained import begin
from trainables.architectures import ARCHITECTURES, build
from trainables.config import TrialConfig
from trainables.datasets import Dataset
from trainables.geometry import isometry_deviation, mean_squared_singular_value
from trainables.networks.jacobian import IMAGES, Isometry, Spectrum
from trainables.probes import LayerPair
from trainables.records import PairRecord
from trainables.training import Training

PIXELS, DEPTH = 9, 4
SOME_ARCHITECTURES = [
    pytest.param(name, marks=[] if name in ("mlp", "shortcut_resnet") else pytest.mark.slow) for name in ARCHITECTURES
]
PICTURES = np.random.default_rng(0).uniform(size=(4, PIXELS)).astype(np.float32)


def config(architecture: str = "mlp", **fields: Any) -> TrialConfig:
    plain = {"width": 3, "depth": DEPTH, "batch_norm": False, "initializer": "gaussian", "gain": 1.5}
    measure = {"pairs": ["input-each", "first-last"]}
    return TrialConfig(architecture=architecture, **plain | {"measure": measure} | fields)


def isometry(point: TrialConfig, images: np.ndarray = PICTURES) -> tuple[keras.Model, Isometry]:
    network = build(point, images.shape[1], 10)
    return network, Isometry(network, images)


@cache
def plain_stack(architecture: str) -> tuple[keras.Model, Isometry]:
    """An untrained network of that architecture, which tests look at and do not change: compiling takes a second."""
    return isometry(config(architecture))


def jacobians(network: keras.Model, name: str, rank: int, step: float = 2e-2) -> np.ndarray:
    """Squared singular values of the layer at each picture, by central differences, shape (pictures, rank)."""
    found = []
    for picture in PICTURES:
        moved = [picture + sign * step * np.eye(PIXELS, dtype=np.float32) for sign in (1, -1)]
        ahead, behind = (keras.ops.convert_to_numpy(network(x, training=False)[name]).astype(float) for x in moved)
        found.append(np.linalg.svd((ahead - behind) / (2 * step), compute_uv=False)[:rank] ** 2)
    return np.array(found)


@pytest.mark.every_backend
@pytest.mark.parametrize("architecture", SOME_ARCHITECTURES)
@pytest.mark.parametrize("batch_norm", [False, True])
def test_the_spectra_are_those_of_the_derivatives_of_each_layer(architecture: str, batch_norm: bool) -> None:
    network, found = isometry(config(architecture, batch_norm=True)) if batch_norm else plain_stack(architecture)
    if batch_norm:
        generator = np.random.default_rng(1)
        network.set_weights([w * generator.uniform(0.5, 1.5, w.shape) for w in network.get_weights()])
    spectra = found.spectra()
    assert sorted(spectra) == [f"hidden_{layer}" for layer in range(1, DEPTH + 1)]
    for name, rank in (("hidden_1", 6), ("hidden_2", 3), ("hidden_3", 3), ("hidden_4", 3)):
        expected = jacobians(network, name, rank)
        assert spectra[name].mean == pytest.approx(expected.mean(), rel=0.02)
        assert spectra[name].spread == pytest.approx(expected.std(), rel=0.02)


@pytest.mark.parametrize("architecture", SOME_ARCHITECTURES)
def test_the_singular_values_are_those_of_the_jacobian_at_each_image_and_make_up_the_spectrum(
    architecture: str,
) -> None:
    network, found = plain_stack(architecture)
    singular_values, spectra = found.singular_values(), found.spectra()
    assert sorted(singular_values) == sorted(spectra)
    for name, rank in (("hidden_1", 6), ("hidden_2", 3), ("hidden_3", 3), ("hidden_4", 3)):
        values = singular_values[name]
        assert values.shape == (len(PICTURES), rank)
        assert (np.diff(values, axis=1) <= 0).all()
        assert values**2 == pytest.approx(jacobians(network, name, rank), rel=0.05, abs=0.01)
        assert np.mean(values**2) == pytest.approx(spectra[name].mean, rel=1e-6)
        assert np.std(values**2) == pytest.approx(spectra[name].spread, rel=1e-6)
        deviation = spectra[name].spread ** 2 + (spectra[name].mean - 1) ** 2
        assert isometry_deviation(values).value == pytest.approx(deviation, rel=1e-6)
        assert mean_squared_singular_value(values).value == pytest.approx(spectra[name].mean, rel=1e-6)


def test_the_jacobian_of_one_layer_is_its_kernel_times_the_derivative_of_tanh() -> None:
    network, found = plain_stack("mlp")
    kernel = keras.ops.convert_to_numpy(network.get_layer("dense_1").kernel).astype(float)
    for picture, values in zip(PICTURES, found.singular_values()["hidden_1"], strict=True):
        jacobian = (1 - np.tanh(picture @ kernel) ** 2)[:, None] * kernel.T
        assert values == pytest.approx(np.linalg.svd(jacobian, compute_uv=False)[:6], rel=1e-4)


def test_orthogonal_nets_at_gain_one_are_isometries_where_tanh_is_linear_and_gaussian_ones_are_not() -> None:
    deviations = {}
    for initializer in ("orthogonal", "gaussian"):
        _, found = isometry(config(initializer=initializer, gain=1.0), 1e-4 * PICTURES)
        deviations[initializer] = isometry_deviation(found.singular_values()[f"hidden_{DEPTH}"]).value
    assert deviations["orthogonal"] == pytest.approx(0, abs=1e-6)
    assert deviations["gaussian"] > 0.1


@pytest.mark.every_backend
@pytest.mark.parametrize("gain", [0.8, 1.0, 1.3])
def test_orthogonal_nets_stretch_all_directions_alike_where_tanh_is_linear(gain: float) -> None:
    """Small images: all singular values of the Jacobian to layer l are the gain to the power of l."""
    _, found = isometry(config(initializer="orthogonal", gain=gain), 1e-4 * PICTURES)
    spectra = found.spectra()
    for layer in range(1, DEPTH + 1):
        assert spectra[f"hidden_{layer}"].mean == pytest.approx(gain ** (2 * layer), rel=1e-4)
        assert spectra[f"hidden_{layer}"].spread == pytest.approx(0, abs=1e-3)


def test_gaussian_nets_at_the_critical_gain_keep_the_mean_of_inner_layers_and_spread_with_depth() -> None:
    images = 1e-4 * np.random.default_rng(0).normal(size=(2, 200)).astype(np.float32)
    _, found = isometry(config(width=100, depth=8, gain=1.0), images)
    spectra = found.spectra()
    inner = [spectra[f"hidden_{layer}"] for layer in range(2, 8)]
    assert [spectrum.mean for spectrum in inner] == pytest.approx([1.0] * 6, rel=0.2)
    spreads = [spectrum.spread for spectrum in inner]
    assert spreads == sorted(spreads)
    assert spreads[0] > 1


def test_saturated_nets_have_no_derivative_left() -> None:
    _, found = isometry(config(gain=1e6))
    assert found.spectra()[f"hidden_{DEPTH}"] == Spectrum(0.0, 0.0)


def test_only_pairs_with_the_input_get_a_spectrum_and_all_else_is_left_as_it_was() -> None:
    _, found = plain_stack("mlp")
    asked = (LayerPair("input-2", "input", "hidden_2"), LayerPair("first-last", "hidden_1", "hidden_4"))
    records = (PairRecord("input-2", reason="why"), PairRecord("first-last", 1.0))
    with_input, other = found.added_to(records, asked)
    spectrum = found.spectra()["hidden_2"]
    assert other == records[1]
    assert with_input == replace(
        records[0],
        jacobian_mean_squared_singular_value=spectrum.mean,
        jacobian_spread_squared_singular_value=spectrum.spread,
    )
    assert found.added_to(records[1:], asked[1:]) == records[1:]


def test_the_same_network_gives_the_same_bytes_and_the_sample_is_that_of_every_point() -> None:
    many = np.random.default_rng(2).uniform(size=(40, PIXELS)).astype(np.float32)
    (_, one), (_, other) = isometry(config(), many), isometry(config(), many)
    assert one.spectra() == other.spectra()
    assert one._images.tobytes() == isometry(config(seed=5, width=4), many)[1]._images.tobytes()
    assert len(one._images) == IMAGES


@pytest.mark.every_backend
def test_a_training_records_them_at_its_first_and_its_last_epoch(few_digits: Dataset) -> None:
    point = config(epochs=2, depth=3)
    history = list(begin(point, few_digits))
    spectra = [[pair.jacobian_mean_squared_singular_value for pair in record.pairs] for record in history]
    assert [[value is not None for value in row] for row in spectra] == [
        [True, True, True, False],
        [False, False, False, False],
        [True, True, True, False],
    ]
    assert spectra[0] != spectra[2]
    untrained = isometry(point, few_digits.validation_images)[1].spectra()
    assert spectra[0][:3] == [untrained[f"hidden_{layer}"].mean for layer in (1, 2, 3)]


@pytest.mark.every_backend
def test_a_network_that_was_used_before_gives_the_spectra_of_a_new_one(few_digits: Dataset) -> None:
    first, second = config(epochs=1, depth=3), config(epochs=0, depth=3, seed=4, initializer="orthogonal", gain=0.7)
    used = begin(first, few_digits)
    list(used)
    (taken_over,), (fresh,) = Training(second, few_digits, earlier=used.network), Training(second, few_digits)
    assert taken_over.pairs == fresh.pairs


@pytest.fixture(scope="module")
def few_digits() -> Dataset:
    return trained.few_digits()
