"""Every registered architecture is the paper's layers (Hodas & Stinis 2018, section 2), connected as its figure says.

The expected wiring is written a second time here, in numpy, in inference mode, from the layers' own weights.
"""

import itertools
from collections.abc import Callable
from functools import cache
from typing import get_args

import keras
import numpy as np
import pytest

from trainables.architectures import ARCHITECTURES, build
from trainables.config import WITH_RESIDUALS, WITH_SHORTCUT, Architecture, TrialConfig

PIXELS, CLASSES, WIDTH = 7, 10, 3
DEPTHS = (2, 3, 4, 5, 6, 7)
IMAGES = np.random.default_rng(0).uniform(size=(20, PIXELS)).astype(np.float32)
EPSILON = 1e-3

Layer = Callable[[np.ndarray], np.ndarray]

every_network = pytest.mark.parametrize(
    ("architecture", "depth"), list(itertools.product(ARCHITECTURES, DEPTHS)), ids=str
)
every_architecture = pytest.mark.parametrize("architecture", ARCHITECTURES)


def config(architecture: str, depth: int = 5, **fields: object) -> TrialConfig:
    return TrialConfig(architecture=architecture, width=WIDTH, depth=depth, **fields)


def network(architecture: str, depth: int = 5, **fields: object) -> keras.Model:
    return build(config(architecture, depth, **fields), PIXELS, CLASSES)


@cache
def untouched(architecture: str, depth: int) -> keras.Model:
    """The network of the paper, shared by the tests that only look at it."""
    return network(architecture, depth)


@cache
def trained_looking(architecture: str, depth: int, **fields: object) -> keras.Model:
    """The network with all weights and moving statistics far from their initial values."""
    model, generator = network(architecture, depth, **fields), np.random.default_rng(depth)
    model.set_weights([generator.uniform(0.2, 1.5, w.shape) * generator.choice([-1, 1]) for w in model.get_weights()])
    for layer in model.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.moving_variance.assign(np.abs(layer.moving_variance))
    return model


def outputs(model: keras.Model) -> dict[str, np.ndarray]:
    found = model(IMAGES, training=False)
    return {name: keras.ops.convert_to_numpy(value).astype(float) for name, value in found.items()}


def values(layer: keras.layers.Layer) -> dict[str, np.ndarray]:
    return {weight.name: keras.ops.convert_to_numpy(weight).astype(float) for weight in layer.weights}


def hidden_layers(model: keras.Model, depth: int) -> list[Layer]:
    """Dense -> BatchNormalization with moving statistics -> tanh, in numpy."""
    names = {layer.name for layer in model.layers}

    def layer_of(number: int) -> Layer:
        dense = values(model.get_layer(f"dense_{number}"))
        norm = values(model.get_layer(f"batch_norm_{number}")) if f"batch_norm_{number}" in names else None

        def apply(signal: np.ndarray) -> np.ndarray:
            signal = signal @ dense["kernel"] + dense.get("bias", 0)
            if norm:
                signal = (signal - norm["moving_mean"]) / np.sqrt(norm["moving_variance"] + EPSILON)
                signal = signal * norm["gamma"] + norm["beta"]
            return np.tanh(signal)

        return apply

    return [layer_of(number) for number in range(1, depth + 1)]


Forward = tuple[list[np.ndarray], np.ndarray]


def stack(layers: list[Layer]) -> Forward:
    hidden, signal = [], IMAGES.astype(float)
    for layer in layers:
        signal = layer(signal)
        hidden.append(signal)
    return hidden, signal


def pairs_of_middle_layers(layers: list[Layer]) -> Forward:
    """The W-wide layers 2 ... D-1 taken two by two, the outputs of each two summed; one left over has no skip."""
    hidden = [layers[0](IMAGES.astype(float))]
    signal, middle = hidden[0], layers[1:-1]
    while len(middle) >= 2:
        first = middle[0](signal)
        second = middle[1](first)
        hidden += [first, second]
        signal, middle = first + second, middle[2:]
    for unpaired in middle:
        signal = unpaired(signal)
        hidden.append(signal)
    hidden.append(layers[-1](signal))
    return hidden, hidden[-1]


def every_middle_layer(layers: list[Layer]) -> Forward:
    """Of the W-wide layers 2 ... D-1 each, from the third on, adds its output to the sum two layers before it."""
    hidden = [layers[0](IMAGES.astype(float))]
    sums: list[np.ndarray] = []
    for layer in layers[1:-1]:
        hidden.append(layer(sums[-1] if sums else hidden[0]))
        sums.append(hidden[-1] + (sums[-2] if len(sums) >= 2 else 0))
    hidden.append(layers[-1](sums[-1] if sums else hidden[0]))
    return hidden, hidden[-1]


def first_plus_last(wiring: Callable[[list[Layer]], Forward]) -> Callable[[list[Layer]], Forward]:
    def wired(layers: list[Layer]) -> Forward:
        hidden, _ = wiring(layers)
        return hidden, hidden[0] + hidden[-1]

    return wired


WIRING: dict[str, Callable[[list[Layer]], Forward]] = {
    "mlp": stack,
    "shortcut": first_plus_last(stack),
    "resnet": pairs_of_middle_layers,
    "shortcut_resnet": first_plus_last(pairs_of_middle_layers),
}
SUMS_OF_EVERY_LAYER = {"resnet": every_middle_layer, "shortcut_resnet": first_plus_last(every_middle_layer)}


def softmax(logits: np.ndarray) -> np.ndarray:
    odds = np.exp(logits - logits.max(axis=1, keepdims=True))
    return odds / odds.sum(axis=1, keepdims=True)


def test_the_registry_is_what_a_config_may_name_and_each_has_its_wiring_here() -> None:
    assert set(ARCHITECTURES) == set(get_args(Architecture))
    assert set(SUMS_OF_EVERY_LAYER) == WITH_RESIDUALS
    assert set(WIRING) == set(ARCHITECTURES), "write what the architecture sums, in numpy, in WIRING of this file"


@every_network
def test_first_and_last_hidden_layer_are_twice_as_wide(architecture: str, depth: int) -> None:
    found = outputs(untouched(architecture, depth))
    widths = [2 * WIDTH, *[WIDTH] * (depth - 2), 2 * WIDTH]
    expected = {f"hidden_{number}": width for number, width in enumerate(widths, start=1)}
    expected |= {"input": PIXELS, "merged": 2 * WIDTH, "logits": CLASSES, "probabilities": CLASSES}
    assert {name: value.shape for name, value in found.items()} == {
        name: (len(IMAGES), width) for name, width in expected.items()
    }


def size(depth: int, per_unit: int) -> int:
    """Weights of the Dense layers, `per_unit` numbers for each hidden unit, and the softmax with its bias."""
    widths = [PIXELS, 2 * WIDTH, *[WIDTH] * (depth - 2), 2 * WIDTH]
    kernels = sum(fan_in * fan_out for fan_in, fan_out in itertools.pairwise(widths))
    return kernels + per_unit * sum(widths[1:]) + (2 * WIDTH + 1) * CLASSES


@every_network
def test_no_weights_but_those_of_the_layers(architecture: str, depth: int) -> None:
    """Per hidden unit: a bias, gamma and beta, and the moving mean and variance, which are not trained.

    Connections add outputs up: the inputs of a layer are as wide as one layer's outputs.
    """
    model = untouched(architecture, depth)
    assert model.count_params() == size(depth, per_unit=1 + 4)
    assert sum(int(np.prod(w.shape)) for w in model.trainable_weights) == size(depth, per_unit=1 + 2)


@every_architecture
def test_batch_normalization_and_hidden_biases_can_be_left_out(architecture: str) -> None:
    assert network(architecture, batch_norm=False).count_params() == size(5, per_unit=1)
    assert network(architecture, bias=False).count_params() == size(5, per_unit=4)
    assert network(architecture, batch_norm=False, bias=False).count_params() == size(5, per_unit=0)


def test_the_size_of_one_network_counted_by_hand() -> None:
    """7 x 6 + 6 x 3 + 3 x 6 kernels, 5 numbers for each of 15 units, 6 x 10 + 10 for the softmax."""
    assert network("mlp", 3).count_params() == 42 + 18 + 18 + 75 + 70


@pytest.mark.parametrize(
    ("architecture", "depth", "fields"),
    [(architecture, depth, {}) for architecture, depth in itertools.product(ARCHITECTURES, DEPTHS)]
    + [(architecture, 5, {"batch_norm": False}) for architecture in ARCHITECTURES]
    + [(architecture, 5, {"bias": False}) for architecture in ARCHITECTURES]
    + [(one, depth, {"residual_sums": "every_layer"}) for one in SUMS_OF_EVERY_LAYER for depth in (*DEPTHS, 8)],
    ids=str,
)
def test_what_is_summed_with_what(architecture: str, depth: int, fields: dict[str, bool]) -> None:
    model = trained_looking(architecture, depth, **fields)
    found = outputs(model)
    wiring = SUMS_OF_EVERY_LAYER if "residual_sums" in fields else WIRING
    hidden, merged = wiring[architecture](hidden_layers(model, depth))
    for number, expected in enumerate(hidden, start=1):
        np.testing.assert_allclose(found[f"hidden_{number}"], expected, atol=1e-4)
    np.testing.assert_allclose(found["merged"], merged, atol=1e-4)
    head = values(model.get_layer("logits"))
    logits = merged @ head["kernel"] + head["bias"]
    np.testing.assert_allclose(found["logits"], logits, atol=2e-3)
    np.testing.assert_allclose(found["input"], IMAGES)


@every_network
def test_merged_is_first_plus_last_with_a_shortcut_and_last_without(architecture: str, depth: int) -> None:
    found = outputs(trained_looking(architecture, depth))
    expected = found[f"hidden_{depth}"] + (found["hidden_1"] if architecture in WITH_SHORTCUT else 0)
    np.testing.assert_allclose(found["merged"], expected, atol=1e-6)


@every_network
def test_probabilities_are_the_softmax_of_the_logits(architecture: str, depth: int) -> None:
    found = outputs(untouched(architecture, depth))
    np.testing.assert_allclose(found["probabilities"].sum(axis=1), 1, atol=1e-6)
    np.testing.assert_allclose(found["probabilities"], softmax(found["logits"]), atol=1e-6)


def weights(model: keras.Model) -> bytes:
    return b"".join(np.ascontiguousarray(array).tobytes() for array in model.get_weights())


@every_architecture
@pytest.mark.parametrize("initializer", ["glorot_normal", "orthogonal"])
def test_the_same_seed_gives_the_same_weights_whatever_was_drawn_before(architecture: str, initializer: str) -> None:
    first = weights(network(architecture, seed=3, initializer=initializer))
    keras.utils.set_random_seed(99)
    network("mlp", seed=3)
    assert weights(network(architecture, seed=3, initializer=initializer)) == first


@every_architecture
def test_another_seed_gives_other_weights_in_every_layer(architecture: str) -> None:
    models = [network(architecture, seed=seed) for seed in (0, 1)]
    for name in [*(f"dense_{number}" for number in range(1, 6)), "logits"]:
        one, other = (values(model.get_layer(name))["kernel"] for model in models)
        assert np.abs(one - other).max() > 0.01


@every_architecture
def test_no_two_layers_have_the_same_weights(architecture: str) -> None:
    model = network(architecture, depth=7)
    kernels = [values(model.get_layer(f"dense_{number}"))["kernel"].tobytes() for number in range(3, 7)]
    assert len(set(kernels)) == 4


@every_architecture
def test_biases_start_at_zero_and_batch_normalization_at_identity(architecture: str) -> None:
    model = network(architecture)
    start = {"bias": 0, "beta": 0, "moving_mean": 0, "gamma": 1, "moving_variance": 1}
    found = [(n, v) for layer in model.layers for n, v in values(layer).items() if n != "kernel"]
    assert {name for name, _ in found} == set(start)
    assert all((value == start[name]).all() for name, value in found)


@every_architecture
@pytest.mark.parametrize("momentum", [0.99, 0.75, 0.0])
def test_the_momentum_of_every_batch_normalization_is_that_of_the_config(architecture: str, momentum: float) -> None:
    """One pass in training mode moves the mean from 0 by (1 - momentum) of the batch's."""
    model = network(architecture, batch_norm_momentum=momentum)
    model(IMAGES, training=True)
    kernel = values(model.get_layer("dense_1"))["kernel"]
    expected = (1 - momentum) * (IMAGES @ kernel).mean(axis=0)
    np.testing.assert_allclose(values(model.get_layer("batch_norm_1"))["moving_mean"], expected, atol=1e-5)
    assert {model.get_layer(f"batch_norm_{number}").momentum for number in range(1, 6)} == {momentum}


@every_architecture
def test_the_gain_multiplies_the_hidden_weights_and_not_those_of_the_softmax(architecture: str) -> None:
    plain, louder = network(architecture), network(architecture, gain=3.0)
    for number in range(1, 6):
        one, other = (values(model.get_layer(f"dense_{number}"))["kernel"] for model in (plain, louder))
        np.testing.assert_allclose(other, 3 * one, rtol=1e-5)
    one, other = (values(model.get_layer("logits"))["kernel"] for model in (plain, louder))
    assert one.tobytes() == other.tobytes()
