"""Degenerate samples give a defined value or one clear error; `measure` and `diagnose` record it and never raise."""

import warnings

import numpy as np
import pytest

from trainables.information import DegenerateInput, diagnose, measure, mutual_information

NORMAL = np.random.default_rng(0).normal(size=(100, 4))
OTHER = np.random.default_rng(1).normal(size=(100, 4))


def spoiled(value: float) -> np.ndarray:
    samples = NORMAL.copy()
    samples[17, 2] = value
    return samples


REFUSED = {
    "NaN": (spoiled(np.nan), OTHER, r"x\[17, 2\] = nan \(1 such of 400\)"),
    "infinity": (OTHER, spoiled(-np.inf), r"y\[17, 2\] = -inf"),
    "overflow": (np.array([[1.7e308], [-1.7e308]] * 50), OTHER, "x spans -1.7e\\+308 to 1.7e\\+308"),
    "different lengths": (NORMAL[:50], OTHER, "x has 50 rows and y has 100"),
    "too few samples": (NORMAL[:3], OTHER[:3], "N = 3 samples with k = 3: at least k \\+ 1 = 4"),
    "no samples": (NORMAL[:0], OTHER[:0], r"x has shape \(0, 4\)"),
    "no columns": (NORMAL, OTHER[:, :0], r"y has shape \(100, 0\)"),
    "a scalar": (1.0, 2.0, r"x has shape \(\)"),
    "strings": (NORMAL.astype(str), OTHER, "x has dtype <U"),
    "complex": (NORMAL, OTHER + 1j, "y has dtype complex128"),
}


@pytest.mark.parametrize("name", REFUSED)
@pytest.mark.parametrize("estimator", ["ksg", "npeet"])
def test_refused_input_is_named(name: str, estimator: str) -> None:
    x, y, message = REFUSED[name]
    with pytest.raises(DegenerateInput, match=message):
        mutual_information(x, y, estimator=estimator)


@pytest.mark.parametrize("name", REFUSED)
def test_measure_and_diagnose_record_the_reason(name: str) -> None:
    x, y, _ = REFUSED[name]
    measurement, credibility = measure(x, y), diagnose(x, y)
    assert (measurement.bits, measurement.balanced_bits, measurement.scale_ratio) == (None, None, None)
    assert credibility.ceiling_bits is None
    assert measurement.reason == credibility.reason
    assert measurement.reason


CONSTANT = np.full((100, 4), 0.3)
DEFINED = {
    "constant x": (CONSTANT, OTHER),
    "both constant": (CONSTANT, CONSTANT),
    "duplicate columns": (NORMAL[:, [0, 0, 1, 1]], OTHER),
    "all rows equal": (np.ones((100, 1)), np.zeros((100, 1))),
    "two distinct rows": (np.repeat(NORMAL[:2], 50, axis=0), OTHER),
    "few rows repeated": (np.repeat(NORMAL[:20], 5, axis=0), np.repeat(OTHER[:20], 5, axis=0)),
    "fewest samples": (NORMAL[:4], OTHER[:4]),
    "enormous": (1e300 * NORMAL, 1e-300 * OTHER),
    "integers": (np.arange(100) % 7, np.arange(100) % 3),
    "booleans": (NORMAL > 0, OTHER > 0),
}


@pytest.mark.parametrize("name", DEFINED)
@pytest.mark.parametrize("noise", [1e-10, 0.0])
@pytest.mark.parametrize("estimator", ["ksg", "ksg2"])
def test_defined_values_are_finite_and_without_warnings(name: str, noise: float, estimator: str) -> None:
    x, y = DEFINED[name]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        measurement = measure(x, y, noise=noise, estimator=estimator)
    assert measurement.bits is not None
    assert np.isfinite(measurement.bits)
    assert (measurement.balanced_bits is None) == (measurement.reason is not None)


@pytest.mark.parametrize("name", ["constant x", "both constant", "two distinct rows", "few rows repeated"])
def test_coinciding_rows_have_no_balanced_scale(name: str) -> None:
    x, y = DEFINED[name]
    assert "x has no balanced scale" in str(measure(x, y).reason)
    with pytest.raises(DegenerateInput, match="x has no balanced scale"):
        mutual_information(x, y, scale="balanced")


def test_constant_activations_carry_no_information() -> None:
    x = np.full((1000, 4), 0.3)
    assert mutual_information(x, np.random.default_rng(0).normal(size=(1000, 4))).bits == pytest.approx(0.0, abs=0.01)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"k": 0}, "k = 0: the number of neighbors"),
        ({"k": 2.5}, "k = 2.5: the number of neighbors"),
        ({"base": 1}, "base = 1: the base"),
        ({"noise": -1.0}, "noise = -1.0: the amplitude"),
        ({"threads": 0}, "threads = 0: at least 1"),
        ({"estimator": "kgs"}, "estimator = 'kgs': allowed are 'ksg', 'ksg2', 'npeet'"),
    ],
)
@pytest.mark.parametrize("function", [mutual_information, measure, diagnose])
def test_wrong_arguments_raise_everywhere(function: object, options: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message) as caught:
        function(NORMAL, OTHER, **options)  # type: ignore[operator]
    assert not isinstance(caught.value, DegenerateInput)


def test_an_unknown_scale_is_a_wrong_argument() -> None:
    with pytest.raises(ValueError, match="scale = 'some': allowed are 'none', 'balanced'"):
        mutual_information(NORMAL, OTHER, scale="some")
    with pytest.raises(ValueError, match="scale = 'some'"):
        measure(NORMAL, OTHER, scales=("none", "some"))
