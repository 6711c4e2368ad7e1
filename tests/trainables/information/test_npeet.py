"""The estimator gives NPEET's number: stored reference values, and npeet_plus itself on small samples."""

import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.trainables.information.neighborhoods import neighborhoods
from trainables.information import measure, mutual_information
from trainables.information.host.pairs import host_pair

REFERENCE = Path(os.environ.get("SWEEP_REFERENCE_DIR", Path(__file__).parents[4] / "shared/reference"))
FILE = REFERENCE / "mi_reference.npz"
NAMES = (
    "bmi_1v1-normal-0.75",
    "bmi_student-identity-2-2-1",
    "bmi_multinormal-dense-5-5-0.5",
    "mnist_tanh_20",
    "mnist_tanh_100",
    "ties_saturated_tanh",
    "copy_ceiling",
    "independent_50",
)

needs_reference = pytest.mark.skipif(not FILE.exists(), reason=f"{FILE} is missing; set SWEEP_REFERENCE_DIR")


def load(name: str) -> tuple[np.ndarray, np.ndarray, dict[str, Any], dict[str, np.ndarray]]:
    with np.load(FILE) as archive:
        meta = json.loads(str(archive["meta"]))[name]
        arrays = {key.removeprefix(f"{name}."): archive[key] for key in archive.files if key.startswith(f"{name}.")}
    x, y = arrays.pop("x"), arrays.pop("y")
    if meta["stored"] == "int16/32768":
        x, y = (x / 32768.0).astype(np.float32), (y / 32768.0).astype(np.float32)
    return x, y, meta, arrays


@needs_reference
@pytest.mark.parametrize("name", NAMES)
def test_value_is_the_stored_one(name: str) -> None:
    x, y, meta, _ = load(name)
    bits = mutual_information(x, y).bits
    # The strict values were computed with this very noise; they are right also where NPEET is not.
    assert bits == pytest.approx(meta["strict_f64_noise1e10"][0], abs=1e-9)
    if name != "bmi_student-identity-2-2-1":
        assert bits == pytest.approx(meta["npeet_mean"], abs=max(1e-6, 2 * meta["npeet_spread"]))


@needs_reference
@pytest.mark.parametrize("name", [name for name in NAMES if name != "mnist_tanh_100"])
def test_radii_and_counts_are_the_stored_ones(name: str) -> None:
    x, y, _, expected = load(name)
    pair = host_pair(x.astype(np.float64), y.astype(np.float64), k=3, noise=0.0, seed=0, threads=2)
    found = neighborhoods(pair)
    for values, key in zip(found, ("eps", "nx", "ny"), strict=True):
        np.testing.assert_array_equal(values, expected[key])


def tanh_network(n: int, d: int, gain: float) -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(d)
    x = np.tanh(generator.normal(size=(n, 12)) @ generator.normal(size=(12, d)) * gain)
    return x, np.tanh(x @ generator.normal(size=(d, d)) * gain / np.sqrt(d))


@pytest.mark.parametrize("k", [1, 3, 5])
@pytest.mark.parametrize("d", [1, 3, 30])
def test_value_is_npeets(d: int, k: int) -> None:
    x, y = tanh_network(400, d, gain=1.0)
    ours, theirs = (mutual_information(x, y, k, estimator=estimator).bits for estimator in ("ksg", "npeet"))
    assert ours == pytest.approx(theirs, abs=1e-6)


def test_both_scales_are_npeets() -> None:
    x, y = tanh_network(400, 10, gain=0.3)
    ours, theirs = (measure(x, y, base=np.e, estimator=estimator) for estimator in ("ksg", "npeet"))
    assert ours.bits == pytest.approx(theirs.bits, abs=1e-6)
    assert ours.balanced_bits == pytest.approx(theirs.balanced_bits, abs=1e-6)
    assert ours.scale_ratio == theirs.scale_ratio


def test_the_global_generator_is_left_as_it_was() -> None:
    x, y = tanh_network(50, 2, gain=1.0)
    before = np.random.get_state()[1].copy()
    first = mutual_information(x, y, estimator="npeet", seed=1)
    assert mutual_information(x, y, estimator="npeet", seed=1) == first
    np.testing.assert_array_equal(np.random.get_state()[1], before)


def test_npeet_has_its_noise_built_in() -> None:
    with pytest.raises(ValueError, match="estimator 'npeet' always adds"):
        mutual_information(np.arange(9.0), np.arange(9.0), noise=0.0, estimator="npeet")


def test_npeets_infinity_is_a_degenerate_input() -> None:
    x = np.full((50, 2), 1e9)
    assert "NPEET gives" in str(measure(x, x, scales=("none",), estimator="npeet").reason)
