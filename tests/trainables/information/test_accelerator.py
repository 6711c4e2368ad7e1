"""The accelerator path gives the CPU's value, bit for bit; here on the CPU devices of TensorFlow, and of JAX.

XLA compiles for each shape, which takes seconds: all cases share one, and one width of a pass over the columns.
"""

from typing import Any

import keras
import numpy as np
import pytest

from tests.trained import few_digits, timeless
from trainables import observation, training
from trainables.config import TrialConfig
from trainables.datasets import load
from trainables.device import describe
from trainables.information import measure, measure_pairs, mutual_information
from trainables.information.device import is_device_array, is_on_accelerator, ksg, to_host
from trainables.information.device.backend import double_precision
from trainables.information.device.noise import noise
from trainables.information.estimators import settings
from trainables.measurement import Probe
from trainables.probes import LayerPair
from trainables.records import EpochRecord

N, D = 150, 20
BLOCK = 40  # rows; N is no multiple of it


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ksg, "BLOCK_DISTANCES", BLOCK * N)
    monkeypatch.setattr(ksg, "CHUNK", 4)


@pytest.fixture
def forced(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every array of Keras' backend passes for one on an accelerator."""
    for module in (observation, settings):
        monkeypatch.setattr(module, "is_on_accelerator", is_device_array)


def normal(d: int = D, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(N, d)).astype(np.float32)


def related() -> tuple[np.ndarray, np.ndarray]:
    x = np.tanh(normal())
    return x, np.tanh(x @ normal(seed=1)[:D] + normal(seed=2))


def of_digits() -> tuple[np.ndarray, np.ndarray]:
    """Two tanh layers of pictures: many near ties, some units saturated."""
    x = np.tanh(load("digits").validation_images[:N] @ normal(64, 1)[:D].T)
    return x, np.tanh(x @ normal(seed=2)[:D])


def saturated() -> tuple[np.ndarray, np.ndarray]:
    return tuple(np.clip(3 * side, -1, 1) for side in (normal(), normal() + normal(seed=1)))


def doubles() -> np.ndarray:
    return np.random.default_rng(0).normal(size=(2, N, D))


CASES = {
    "tanh": related(),
    "digits": of_digits(),
    "a copy": (normal(), normal()),
    "saturated": saturated(),
    "every row twice": tuple(np.repeat(side[: N // 2], 2, axis=0) for side in related()),
    "dead units": tuple(side * (np.arange(D) % 3 == 0).astype(np.float32) for side in related()),
    "constant x": (np.full((N, D), 0.3, np.float32), normal()),
    "float64": tuple(doubles()),
    "beyond float32": tuple(1e200 * side for side in doubles()),
    "one far outlier": tuple(np.vstack([side[1:], 1e6 * side[:1]]) for side in related()),
}


@pytest.mark.every_backend
@pytest.mark.parametrize("amplitude", [1e-10, pytest.param(0.0, marks=pytest.mark.slow)])
@pytest.mark.parametrize("name", CASES)
def test_both_values_are_those_of_the_cpu(name: str, amplitude: float) -> None:
    x, y = CASES[name]
    expected = measure(x, y, noise=amplitude, seed=5)
    assert measure(x, y, noise=amplitude, seed=5, device=True) == expected


@pytest.mark.parametrize("k", [1, 10])
def test_for_every_number_of_neighbors(k: int) -> None:
    for name in ("tanh", "saturated"):
        values = [measure(*CASES[name], k=k, scales=("none",), device=device) for device in (True, False)]
        assert values[0] == values[1]


def test_most_rows_of_untied_samples_are_decided_in_float32_and_no_tied_ones() -> None:
    for name, share in (("tanh", 0.9), ("a copy", 0.0)):
        pair = ksg.device_pair(dict(zip("xy", CASES[name], strict=True)), 3, 1e-10, 0)
        decided = pair._search((1.0, 1.0)).decided
        assert decided.mean() >= share if share else not decided.any()


def tensors(arrays: tuple[np.ndarray, ...]) -> list[Any]:
    return [keras.ops.convert_to_tensor(array) for array in arrays]


@pytest.mark.every_backend
def test_device_arrays_are_taken_as_they_are() -> None:
    x, y = CASES["tanh"]
    on_device = tensors((x, y))
    assert mutual_information(*on_device, device=True) == mutual_information(x, y)
    assert measure(*on_device) == measure(*on_device, device=True) == measure(x, y)
    assert measure(*on_device, estimator="ksg2") == measure(x, y, estimator="ksg2")
    assert is_on_accelerator(on_device[0]) == (describe(threads=1)["device"] != "cpu")


@pytest.mark.every_backend
def test_a_spoiled_value_is_named_as_on_the_cpu() -> None:
    x, y = (side.copy() for side in CASES["tanh"])
    x[17, 2] = np.nan
    assert measure(*tensors((x,)), y, device=True) == measure(x, y)
    assert measure(y[:3], y[:3], device=True) == measure(y[:3], y[:3])
    assert measure(y, y[:9], device=True) == measure(y, y[:9])


@pytest.mark.parametrize("estimator", ["npeet", "ksg2"])
def test_other_estimators_are_not_for_devices(estimator: str) -> None:
    with pytest.raises(ValueError, match="runs on the CPU only"):
        measure(*CASES["tanh"], estimator=estimator, device=True)


def test_pairs_of_layers_have_the_values_and_reasons_of_the_cpu(forced: None) -> None:
    bad = normal()
    bad[3, 1] = np.inf
    layers = dict(zip("abcd", (*CASES["tanh"], *CASES["saturated"]), strict=True)) | {"bad": bad, "few": normal()[:9]}
    layers["constant"] = CASES["constant x"][0]
    pairs = [("a", "b"), ("c", "d"), ("b", "bad"), ("few", "a"), ("constant", "a")]
    options: dict[str, Any] = {"seeds": {name: place for place, name in enumerate(layers)}}
    options["scales"] = [("none", "balanced")] * 2 + [("balanced",)] * 3
    expected = measure_pairs(layers, pairs, **options)
    assert [value.reason is None for value in expected] == [True, True, False, False, False]
    assert measure_pairs(layers, pairs, device=True, **options) == expected
    on_device = layers | dict(zip("ac", tensors((layers["a"], layers["c"])), strict=True))
    assert measure_pairs(on_device, pairs, **options) == expected
    with pytest.raises(ValueError, match="two different layers"):
        measure_pairs(layers, [("a", "a")], device=True)


@pytest.mark.parametrize("fields", [{}, {"channel_noise": 0.1}])
def test_records_of_activations_on_a_device_are_those_of_the_cpu(forced: None, fields: dict[str, Any]) -> None:
    config = TrialConfig(measure={"samples": N}, **fields)
    rows = np.arange(config.validation_images) % N
    signals = dict(zip(("hidden_1", "hidden_2"), (side[rows] for side in CASES["digits"]), strict=True))
    labels = {"label": rows % 10}
    probe = Probe(
        config, (LayerPair("first-last", "hidden_1", "hidden_2"), LayerPair("1-label", "hidden_1", "label")), 1
    )
    on_device = dict(zip(signals, tensors((*signals.values(),)), strict=True))
    expected = probe.measure(signals | labels, 1)
    assert probe.measure(on_device | labels, 1) == expected
    assert probe.examine(on_device | labels, 1, expected) == probe.examine(signals | labels, 1, expected)


def history() -> list[EpochRecord]:
    config = TrialConfig(architecture="mlp", width=D // 2, depth=2, epochs=1, measure={"pairs": ["first-last"]})
    return timeless(list(training.Training(config, few_digits(validation=N))))


@pytest.mark.every_backend
def test_a_training_whose_activations_stay_on_the_device_has_the_same_records(request: pytest.FixtureRequest) -> None:
    expected = history()
    request.getfixturevalue("forced")
    seen = []
    request.getfixturevalue("monkeypatch").setattr(Probe, "measure", _spied(Probe.measure, seen))
    assert history() == expected
    assert all(is_device_array(signals["hidden_1"]) for signals in seen)
    assert len(seen) == 2


def _spied(method: Any, seen: list[Any]) -> Any:
    def spy(self: Probe, activations: Any, *arguments: Any, **options: Any) -> Any:
        seen.append(activations)
        return method(self, activations, *arguments, **options)

    return spy


@pytest.mark.every_backend
@pytest.mark.parametrize(("offset", "shape"), [(0, (N, D)), (1000, (N, D)), (5, (7, 3))])
def test_the_noise_is_numpys(offset: int, shape: tuple[int, int]) -> None:
    expected = np.random.default_rng(9).random(offset + shape[0] * shape[1])[offset:].reshape(shape) * 1e-10
    with double_precision():
        np.testing.assert_array_equal(to_host(noise(1e-10, 9, offset, shape)), expected)


@pytest.mark.every_backend
def test_no_buffer_holds_all_pairs() -> None:
    """XLA's own account (JAX) of a block of 32 rows of 20,000 samples: a few times its distances, not N^2 of them."""
    if keras.backend.backend() != "jax":
        pytest.skip("only JAX tells")
    import jax

    rows, count = 32, 20_000
    shapes = [((32, count), "float32")] * 2 + [((rows,), "int32"), ((2,), "float32"), ((2,), "float32")]
    arguments = [jax.ShapeDtypeStruct(shape, dtype) for shape, dtype in shapes]
    search = ksg.compiled(ksg._search_block, 3, True)
    memory = search.lower(*arguments).compile().memory_analysis()
    assert memory.temp_size_in_bytes < 12 * 4 * rows * count
