"""Kernels and predicted bits are those of wide networks that were drawn."""

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from analysis.mean_field import ACTIVATIONS, Kernel, kernels
from analysis.mean_field.kernels import weight_variance
from analysis.mean_field.prediction import embedded, predicted_information
from trainables.config import TrialConfig
from trainables.information import channel_information
from trainables.initializers import INITIALIZERS, kernel_initializer

Floats = NDArray[np.float64]
WIDTH, WIDE, DEPTH, IMAGES = 400, 1000, 3, 100
PICTURES = np.random.default_rng(7).uniform(size=(IMAGES, 40)) * np.random.default_rng(8).uniform(size=(1, 40))


def config(**fields: Any) -> TrialConfig:
    plain = {"width": WIDTH, "depth": DEPTH, "batch_norm": False, "initializer": "gaussian", "gain": 1.5}
    return TrialConfig.model_validate(plain | fields)


def drawn(point: TrialConfig, noise: float = 0.0, seed: int = 0, passes: int = 1) -> list[Floats]:
    """Layers (images, passes, units) of a network of that config, before their own noise."""
    generator, signal, found = np.random.default_rng(seed), PICTURES[:, None].repeat(passes, axis=1), []
    for width in (2 * point.width, *[point.width] * (point.depth - 2), 2 * point.width):
        kernel = generator.normal(size=(signal.shape[-1], width)) * point.gain / np.sqrt(signal.shape[-1])
        bias = point.bias_std * generator.normal(size=width)
        signal = ACTIVATIONS[point.activation].function(signal @ kernel + bias)
        found.append(signal)
        signal = signal + noise * generator.normal(size=signal.shape)
    return found


NETWORKS = [
    {"activation": "tanh", "gain": 1.0},
    {"activation": "tanh", "gain": 2.0, "bias_std": 0.3},
    {"activation": "relu", "gain": 1.4},
    {"activation": "erf", "gain": 1.2, "bias_std": 0.1},
    {"activation": "gelu", "gain": 1.8, "bias_std": 0.2},
    {"activation": "linear", "gain": 1.0, "architecture": "shortcut"},
]


@pytest.mark.parametrize("fields", NETWORKS, ids=str)
def test_kernels_are_the_gram_matrices_of_a_wide_network(fields: dict[str, Any]) -> None:
    point = config(**fields)
    for layer, kernel in zip(drawn(point), kernels(PICTURES, point), strict=True):
        signal = layer[:, 0]
        assert kernel.width == signal.shape[1]
        gram = signal @ signal.T / kernel.width
        np.testing.assert_allclose(kernel.between, gram, atol=8 * np.abs(gram).max() / np.sqrt(WIDTH))
        np.testing.assert_allclose(kernel.own, np.diag(kernel.between), rtol=1e-7)


def test_with_noise_at_every_layer_two_passes_differ_as_predicted() -> None:
    point, noise = config(gain=1.6, bias_std=0.1), 0.4
    for layer, kernel in zip(drawn(point, noise, passes=2), kernels(PICTURES, point, noise), strict=True):
        one, other = layer[:, 0], layer[:, 1]
        scale = 8 * kernel.own.max() / np.sqrt(WIDTH)
        np.testing.assert_allclose(kernel.own, np.mean(one**2, axis=1), atol=scale)
        np.testing.assert_allclose(np.diag(kernel.between), np.mean(one * other, axis=1), atol=scale)
        spread = float(np.mean((one - other) ** 2) / 2)
        assert kernel.spread == pytest.approx(spread, rel=0.05, abs=1e-12)


def test_noise_so_small_that_it_is_none_changes_nothing() -> None:
    point = config(gain=1.2)
    for one, other in zip(kernels(PICTURES, point), kernels(PICTURES, point, 1e-9), strict=True):
        np.testing.assert_allclose(one.between, other.between, rtol=1e-12)
        assert other.spread == pytest.approx(0, abs=1e-7)


@pytest.mark.parametrize("name", INITIALIZERS)
@pytest.mark.parametrize("shape", [(300, 80), (80, 80), (80, 160)])
def test_the_variance_of_weights_is_that_of_the_kernels_drawn(name: str, shape: tuple[int, int]) -> None:
    kernel = np.asarray(kernel_initializer(name, 1.3, 0, 1)(shape), float)  # type: ignore[arg-type]
    point = config(initializer=name, gain=1.3)
    assert np.mean(kernel**2) == pytest.approx(weight_variance(point, *shape), rel=0.06)


@pytest.mark.parametrize(
    ("fields", "culprit"), [({"batch_norm": True}, "mlp with batch_norm true"), ({"architecture": "resnet"}, "resnet")]
)
def test_networks_without_a_theory_are_refused(fields: dict[str, Any], culprit: str) -> None:
    with pytest.raises(ValueError, match=f"no theory of {culprit}.*allowed are mlp and shortcut"):
        list(kernels(PICTURES, config(**fields)))


def test_the_points_have_the_distances_of_the_layer() -> None:
    signals = np.random.default_rng(0).normal(size=(30, 12)) + 5.0
    kernel = Kernel(12, signals @ signals.T / 12, np.sum(signals**2, axis=1) / 12, 12)
    points = embedded(kernel)
    assert points.shape == (30, 12)
    distances = [np.linalg.norm(one[:, None] - one[None], axis=2) for one in (signals, points)]
    np.testing.assert_allclose(distances[0], distances[1], atol=1e-9)


def test_equal_images_are_one_point() -> None:
    assert predicted_information(Kernel(5, np.ones((8, 8)), np.ones(8), 5), 0.1).bits == 0.0


@pytest.mark.parametrize(("fields", "noise"), [(NETWORKS[0], 1.0), (NETWORKS[1], 3.0), (NETWORKS[2], 2.0)], ids=str)
def test_predicted_bits_are_those_of_a_wide_network_within_their_errors(fields: dict[str, Any], noise: float) -> None:
    """Squared distances of W units differ by about 2 / sqrt(W) of themselves, as if the noise did by 1 / sqrt(W)."""
    point, compared = config(width=WIDE, **fields), 0
    for layer, kernel in zip(drawn(point), kernels(PICTURES, point), strict=True):
        found = channel_information(layer[:, 0], noise, draws=10)
        told = predicted_information(kernel, noise, draws=10)
        louder = predicted_information(kernel, noise * (1 + 1 / np.sqrt(WIDE)), draws=10)
        error = 3 * np.hypot(found.standard_error, told.standard_error) + 1.5 * abs(told.bits - louder.bits)
        assert abs(found.bits - told.bits) <= error
        assert error < 0.7
        compared += 0.5 < found.bits < 0.95 * found.ceiling
    assert compared >= 1, "no layer tells enough, and little enough, to tell a right prediction from a wrong one"


def test_noise_at_every_layer_tells_less_than_noise_at_the_last_and_less_with_each_layer() -> None:
    point, noise = config(gain=1.0, depth=6, initializer="orthogonal"), 0.5
    alone = [predicted_information(kernel, noise, draws=2) for kernel in kernels(PICTURES, point)]
    everywhere = [predicted_information(kernel, noise, draws=2) for kernel in kernels(PICTURES, point, noise)]
    assert everywhere[0] == alone[0]
    assert all(one.bits < other.bits for one, other in zip(everywhere[1:], alone[1:], strict=True))
    assert all(after.bits <= before.bits + 3 * before.standard_error for before, after in pairwise(everywhere))
