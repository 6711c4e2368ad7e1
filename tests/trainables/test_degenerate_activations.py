"""Activations that have no mutual information to tell give a reason, and never end a trial."""

import math

import numpy as np
import pytest

from tests.measured import INPUT, NOISY, PAIR, SIGNALS, N, bits, measured
from trainables.probes import LayerPair


def constant(value: float) -> np.ndarray:
    return np.full((N, 2), value, "f4")


def spoiled(value: float) -> np.ndarray:
    array = SIGNALS["hidden_2"].copy()
    array[7, 1] = value
    return array


DEGENERATE = {
    "NaN": spoiled(math.nan),
    "infinite": spoiled(math.inf),
    "all NaN": constant(math.nan),
    "constant": constant(0.5),
    "saturated": np.sign(SIGNALS["hidden_2"]),
}


@pytest.mark.parametrize("case", DEGENERATE)
@pytest.mark.parametrize(("pair", "name"), [(PAIR, "hidden_1"), (PAIR, "hidden_2"), (INPUT, "hidden_2")])
@pytest.mark.parametrize("estimator", ["ksg", "npeet"])
def test_degenerate_activations_give_a_reason_and_no_exception(
    case: str, estimator: str, pair: LayerPair, name: str
) -> None:
    record = measured(
        SIGNALS | {name: DEGENERATE[case]}, pair=pair, with_credibility=True, measure={"estimator": estimator}
    )
    assert record.reason
    assert record.mutual_information_balanced_bits is None
    values = (record.mutual_information_bits, record.scale_ratio, record.mi_null_bits, record.mi_standard_error_bits)
    assert all(value is None or math.isfinite(value) for value in values)
    if "NaN" in case or case == "infinite":
        assert record.mutual_information_bits is None


def test_constant_activations_carry_no_information_on_the_paper_s_scale() -> None:
    record = measured(SIGNALS | {"hidden_2": constant(0.5)})
    assert record.mutual_information_bits == pytest.approx(0, abs=0.1)


def test_degenerate_activations_with_channel_noise_are_a_channel_without_signal() -> None:
    record = measured(SIGNALS | {"hidden_2": constant(0.5)}, **NOISY)
    assert record.reason is None
    assert bits(record) == pytest.approx((0, 0), abs=0.2)
