"""The accelerator path gives the CPU's value, bit for bit; here on the CPU devices of TensorFlow, and of JAX."""

import os
import subprocess
import sys

import keras
import numpy as np
import pytest

from trainables.information import accelerator, measure, mutual_information
from trainables.information.backend import double_precision, is_on_accelerator, to_host
from trainables.information.device_noise import noise

N = 150
BLOCK = 40  # rows; N is no multiple of it


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(accelerator, "BLOCK_DISTANCES", BLOCK * N)


def normal(d: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(N, d)).astype(np.float32)


def related(d: int) -> tuple[np.ndarray, np.ndarray]:
    x = np.tanh(normal(d))
    return x, np.tanh(x @ normal(d, 1)[:d] + normal(d, 2))


def saturated(d: int) -> tuple[np.ndarray, np.ndarray]:
    return tuple(np.clip(3 * side, -1, 1) for side in (normal(d), normal(d) + normal(d, 1)))


CASES = {
    "tanh": related(20),
    "one column": related(1),
    "wider than a chunk": (related(20)[0], normal(40)),
    "a copy": (normal(5), normal(5)),
    "saturated": saturated(15),
    "every row twice": tuple(np.repeat(side[: N // 2], 2, axis=0) for side in related(8)),
    "dead units": tuple(side * (np.arange(20) % 3 == 0).astype(np.float32) for side in related(20)),
    "constant x": (np.full((N, 4), 0.3, np.float32), normal(4)),
    "float64": tuple(np.random.default_rng(0).normal(size=(2, N, 6))),
    "beyond float32": tuple(1e200 * side for side in np.random.default_rng(0).normal(size=(2, N, 6))),
    "heavy tails": tuple(np.random.default_rng(0).standard_cauchy(size=(2, N, 6)).astype(np.float32)),
    "one far outlier": tuple(np.vstack([side[1:], 1e6 * side[:1]]) for side in related(8)),
}


@pytest.mark.parametrize("amplitude", [1e-10, 0.0])
@pytest.mark.parametrize("name", CASES)
def test_both_values_are_those_of_the_cpu(name: str, amplitude: float) -> None:
    x, y = CASES[name]
    expected = measure(x, y, noise=amplitude, seed=5)
    assert measure(x, y, noise=amplitude, seed=5, device=True) == expected


@pytest.mark.parametrize("k", [1, 2, 10])
def test_for_every_number_of_neighbours(k: int) -> None:
    for name in ("tanh", "saturated"):
        assert measure(*CASES[name], k=k, device=True) == measure(*CASES[name], k=k)


def test_most_rows_of_untied_samples_are_decided_in_float32_and_no_tied_ones() -> None:
    for name, share in (("tanh", 0.9), ("a copy", 0.0)):
        pair = accelerator.device_pair(*CASES[name], 3, 1e-10, 0, 1)
        decided = pair._search((1.0, 1.0)).decided
        assert decided.mean() >= share if share else not decided.any()


def test_device_arrays_are_taken_as_they_are() -> None:
    x, y = CASES["tanh"]
    tensors = keras.ops.convert_to_tensor(x), keras.ops.convert_to_tensor(y)
    assert mutual_information(*tensors, device=True) == mutual_information(x, y)
    assert measure(*tensors) == measure(x, y)
    assert not is_on_accelerator(tensors[0])


def test_a_spoiled_value_is_named_as_on_the_cpu() -> None:
    x, y = (side.copy() for side in CASES["tanh"])
    x[17, 2] = np.nan
    assert measure(keras.ops.convert_to_tensor(x), y, device=True) == measure(x, y)
    assert measure(y[:3], y[:3], device=True) == measure(y[:3], y[:3])
    assert measure(y, y[:9], device=True) == measure(y, y[:9])


def test_npeet_is_not_for_devices() -> None:
    with pytest.raises(ValueError, match="runs on the CPU only"):
        measure(*CASES["tanh"], estimator="npeet", device=True)


@pytest.mark.parametrize(("offset", "shape"), [(0, (1, 1)), (5, (7, 3)), (1000, (100, 33))])
def test_the_noise_is_numpys(offset: int, shape: tuple[int, int]) -> None:
    expected = np.random.default_rng(9).random(offset + shape[0] * shape[1])[offset:].reshape(shape) * 1e-10
    with double_precision():
        np.testing.assert_array_equal(to_host(noise(1e-10, 9, offset, shape)), expected)


def test_no_buffer_holds_all_pairs() -> None:
    """XLA's own account (JAX) of a block of 32 rows of 20,000 samples: a few times its distances, not N^2 of them."""
    if keras.backend.backend() != "jax":
        pytest.skip("only JAX tells")
    import jax

    rows, count = 32, 20_000
    shapes = [((32, count), "float32")] * 2 + [((rows,), "int32"), ((2,), "float32"), ((2,), "float32")]
    arguments = [jax.ShapeDtypeStruct(shape, dtype) for shape, dtype in shapes]
    search = accelerator.compiled(accelerator._search_block, 3, True)
    memory = search.lower(*arguments).compile().memory_analysis()
    assert memory.temp_size_in_bytes < 12 * 4 * rows * count


LAWS_OF_EVERY_BACKEND = (
    test_both_values_are_those_of_the_cpu,
    test_device_arrays_are_taken_as_they_are,
    test_a_spoiled_value_is_named_as_on_the_cpu,
    test_the_noise_is_numpys,
    test_no_buffer_holds_all_pairs,
)


@pytest.mark.slow
@pytest.mark.skipif(keras.backend.backend() == "jax", reason="this is the process on JAX")
def test_the_laws_hold_on_jax_too() -> None:
    pytest.importorskip("jax")
    laws = [f"{__file__}::{law.__name__}" for law in LAWS_OF_EVERY_BACKEND]
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *laws]
    environment = os.environ | {"KERAS_BACKEND": "jax"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=280)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]
    assert f"{2 * len(CASES) + 6} passed" in done.stdout
