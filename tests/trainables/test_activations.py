"""Activations are their functions, on both backends; initial biases have the stated distribution, another for each."""

import itertools
from collections.abc import Callable

import keras
import numpy as np
import pytest
from scipy.special import erf

from trainables.architectures import ACTIVATIONS, build, initial_biases, initial_kernels
from trainables.config import TrialConfig

FUNCTIONS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "tanh": np.tanh,
    "erf": erf,
    "relu": lambda x: np.maximum(x, 0),
    "linear": lambda x: x,
    "gelu": lambda x: x * (1 + erf(x / np.sqrt(2))) / 2,
}
PIXELS, WIDTH = 6, 400
IMAGES = np.random.default_rng(0).uniform(-3, 3, size=(30, PIXELS)).astype(np.float32)


def config(**fields: object) -> TrialConfig:
    plain = {"width": WIDTH, "depth": 3, "batch_norm": False, "initializer": "gaussian", "gain": 1.5, "bias_std": 0.5}
    return TrialConfig.model_validate(plain | fields)


def weights(model: keras.Model, layer: int, name: str) -> np.ndarray:
    return keras.ops.convert_to_numpy(getattr(model.get_layer(f"dense_{layer}"), name)).astype(float)


def test_every_activation_has_its_function_here() -> None:
    assert FUNCTIONS.keys() == ACTIVATIONS.keys()


@pytest.mark.every_backend
@pytest.mark.parametrize("name", ACTIVATIONS)
def test_a_hidden_layer_is_the_function_of_weights_and_biases(name: str) -> None:
    model = build(config(activation=name, width=20), PIXELS, 10)
    found = model(IMAGES, training=False)
    signal = IMAGES.astype(float)
    for layer in (1, 2, 3):
        signal = FUNCTIONS[name](signal @ weights(model, layer, "kernel") + weights(model, layer, "bias"))
        output = keras.ops.convert_to_numpy(found[f"hidden_{layer}"])
        np.testing.assert_allclose(output, signal, atol=2e-5 * max(1.0, np.abs(signal).max()))


@pytest.mark.every_backend
def test_gelu_is_exact_and_not_its_approximation_by_tanh() -> None:
    x = np.linspace(-5, 5, 1001, dtype=np.float32)
    found = keras.ops.convert_to_numpy(keras.layers.Activation(ACTIVATIONS["gelu"])(x))
    assert np.abs(found - FUNCTIONS["gelu"](x.astype(float))).max() < 1e-6
    approximate = 0.5 * x * (1 + np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x**3)))
    assert np.abs(found - approximate).max() > 2e-4


@pytest.mark.every_backend
@pytest.mark.parametrize("std", [0.1, 2.0])
def test_biases_are_gaussian_with_the_stated_deviation(std: float) -> None:
    model = build(config(bias_std=std), PIXELS, 10)
    drawn = np.concatenate([weights(model, layer, "bias") for layer in (1, 2, 3)]) / std
    assert drawn.shape == (5 * WIDTH,)
    # Standard errors of mean, deviation and kurtosis over 2,000 normal draws.
    assert abs(drawn.mean()) < 4 * 0.022
    assert abs(drawn.std() - 1) < 4 * 0.016
    assert abs((drawn**4).mean() - 3) < 4 * 0.22


def test_biases_are_the_same_draw_times_the_deviation_and_another_for_every_seed_and_layer() -> None:
    points = [config(seed=seed, bias_std=std) for seed, std in itertools.product((0, 1), (0.5, 2.0))]
    drawn = [[weights(build(point, PIXELS, 10), layer, "bias")[:WIDTH] for layer in (1, 2, 3)] for point in points]
    np.testing.assert_allclose(np.array(drawn[1]), 4 * np.array(drawn[0]), rtol=1e-5)
    rows = [*drawn[0], *drawn[2]]
    correlations = np.corrcoef(rows)[np.triu_indices(len(rows), 1)]
    assert np.abs(correlations).max() < 4.5 / np.sqrt(WIDTH)


def test_biases_are_drawn_apart_from_the_kernels() -> None:
    """Deviations change no kernel, and no kernel begins with the numbers of a bias."""
    models = [build(config(bias_std=std), PIXELS, 10) for std in (0.0, 1.5)]
    for layer in (1, 2, 3):
        assert weights(models[0], layer, "kernel").tobytes() == weights(models[1], layer, "kernel").tobytes()
    point = config(bias_std=1.0)
    seeds = [one.seed for one in [*initial_kernels(point).values(), *initial_biases(point).values()]]
    assert len(set(seeds)) == 2 * point.depth + 1
    shape = (40,)
    draws = [one(shape) for one in [*initial_kernels(point).values(), *initial_biases(point).values()]]
    correlations = np.corrcoef([keras.ops.convert_to_numpy(draw) for draw in draws])[np.triu_indices(7, 1)]
    assert np.abs(correlations).max() < 0.9


def test_networks_without_biases_have_none_to_draw() -> None:
    assert initial_biases(config(bias=False, bias_std=0)) == {}
