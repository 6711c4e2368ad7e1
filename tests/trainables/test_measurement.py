"""A measurement depends on the activations, the config, the seed and the epoch alone, and never ends a trial."""

import dataclasses
from typing import Any

import numpy as np
import pytest

from tests.measured import INPUT, LABEL, NOISY, PAIR, SIGNALS, N, bits, measured
from trainables.config import TrialConfig
from trainables.information import ceiling_bits, mutual_information, mutual_information_with_labels
from trainables.measurement import Probe
from trainables.probes import LayerPair
from trainables.records import PairRecord

# what is measured


def test_the_values_are_those_of_the_estimator() -> None:
    x, y = SIGNALS["hidden_1"], SIGNALS["hidden_2"]
    expected = [mutual_information(x, y, k=3, scale=scale).bits for scale in ("none", "balanced")]
    assert bits(measured()) == pytest.approx(expected, abs=1e-4)  # another tie-breaking noise


def test_neighbors_are_passed_on() -> None:
    expected = mutual_information(SIGNALS["hidden_1"], SIGNALS["hidden_2"], k=20).bits
    assert measured(measure={"neighbors": 20}).mutual_information_bits == pytest.approx(expected, abs=1e-4)
    assert measured().mutual_information_bits != pytest.approx(expected, abs=1e-2)


@pytest.mark.parametrize("scales", [("none",), ("balanced",), ("none", "balanced")])
def test_only_the_scales_asked_for_are_recorded(scales: tuple[str, ...]) -> None:
    record = measured(measure={"scales": scales})
    assert (record.mutual_information_bits is not None) == ("none" in scales)
    assert (record.mutual_information_balanced_bits is not None) == ("balanced" in scales)
    assert (record.scale_ratio is not None) == ("balanced" in scales)


def test_balanced_bits_ignore_a_change_of_units_and_the_scale_ratio_tells_it() -> None:
    louder = SIGNALS | {"hidden_2": 4 * SIGNALS["hidden_2"]}
    before, after = measured(), measured(louder)
    assert bits(after)[1] == pytest.approx(bits(before)[1], abs=1e-4)
    assert abs(bits(after)[0] - bits(before)[0]) > 0.1
    assert after.scale_ratio == pytest.approx(4 * (before.scale_ratio or 0), rel=1e-5)


@pytest.mark.parametrize("scales", [("none",), ("balanced",), ("none", "balanced")])
def test_a_pair_with_the_input_is_balanced_only(scales: tuple[str, ...]) -> None:
    record = measured(pair=INPUT, measure={"scales": scales})
    assert record.pair == "input-2"
    assert record.mutual_information_bits is None
    assert record.mutual_information_balanced_bits is not None
    assert record.scale_ratio is not None
    assert record.reason is None


@pytest.mark.parametrize("fields", [{}, {"channel_noise": 5.0}, {"measure": {"estimator": "npeet"}}])
def test_a_pair_with_the_label_is_ross_s_value_alone(fields: dict[str, Any]) -> None:
    record = measured(pair=LABEL, with_credibility=True, **fields)
    expected = mutual_information_with_labels(SIGNALS["hidden_2"], SIGNALS["label"])
    assert record.mutual_information_bits == pytest.approx(expected.bits, abs=1e-4)
    assert record.mi_ceiling_bits == expected.ceiling_bits
    assert 0.3 < expected.bits < expected.ceiling_bits < 1.1
    others = (record.mutual_information_balanced_bits, record.scale_ratio, record.mi_null_bits, record.reason)
    assert others == (None,) * 4


def test_labels_are_those_of_the_subset() -> None:
    first = measured(pair=LABEL, measure={"samples": 100, "neighbors": 5})
    assert 0.2 < (first.mutual_information_bits or 0) < 1.1
    spoiled_layer = SIGNALS | {"hidden_2": np.full((N, 2), np.nan)}
    assert "nan" in str(measured(spoiled_layer, pair=LABEL).reason)


def test_pairs_that_share_layers_are_measured_together_as_alone() -> None:
    pairs = (PAIR, INPUT, LABEL, LayerPair("input-1", "input", "hidden_1"))
    for fields in ({}, NOISY):
        together = Probe(TrialConfig(**fields), pairs, 1).measure(SIGNALS, 3)
        assert together == tuple(measured(pair=pair, **fields) for pair in pairs)


def test_pairs_come_back_in_their_order() -> None:
    probe = Probe(TrialConfig(), (INPUT, LABEL, PAIR), 1)
    assert [record.pair for record in probe.measure(SIGNALS, 0)] == ["input-2", "2-label", "first-last"]
    assert probe.unmeasured() == (PairRecord("input-2"), PairRecord("2-label"), PairRecord("first-last"))
    assert probe.outputs == {"hidden_1", "hidden_2"}


def test_npeet_and_ksg_agree() -> None:
    by_npeet = measured(measure={"estimator": "npeet"})
    assert bits(by_npeet) == pytest.approx(bits(measured()), abs=1e-4)
    assert by_npeet.scale_ratio == pytest.approx(measured().scale_ratio, rel=1e-6)


# seeds


def test_the_same_seed_and_epoch_give_the_same_bytes_on_any_number_of_threads() -> None:
    for fields in ({}, NOISY):
        expected = measured(with_credibility=True, **fields)
        assert measured(with_credibility=True, **fields) == expected
        assert measured(with_credibility=True, threads=2, **fields) == expected


def test_the_value_does_not_depend_on_what_was_measured_before() -> None:
    probe = Probe(TrialConfig(**NOISY), (PAIR,), 1)
    history = [probe.measure(SIGNALS, epoch) for epoch in range(4)]
    assert [probe.measure(SIGNALS, epoch) for epoch in reversed(range(4))] == history[::-1]
    assert Probe(TrialConfig(**NOISY), (INPUT, PAIR), 1).measure(SIGNALS, 2)[1] == history[2][0]


def test_the_global_generator_is_neither_used_nor_moved() -> None:
    for estimator in ("ksg", "npeet"):
        np.random.seed(1)
        expected = np.random.uniform()
        np.random.seed(1)
        first = measured(measure={"estimator": estimator}, **NOISY)
        assert np.random.uniform() == expected
        assert measured(measure={"estimator": estimator}, **NOISY) == first


def test_channel_noise_is_another_draw_for_every_seed_and_epoch() -> None:
    values = {bits(measured(seed=seed, epoch=epoch, **NOISY)) for seed in (0, 1) for epoch in (0, 1)}
    assert len(values) == 4


def test_channel_noise_lowers_the_information_and_more_of_it_lowers_it_further() -> None:
    clean, noisy, noisier = (bits(measured(channel_noise=deviation)) for deviation in (0.0, 0.3, 3.0))
    for scale in (0, 1):
        assert clean[scale] > noisy[scale] + 0.1 > noisier[scale] + 0.2


def test_channel_noise_is_on_the_later_signal_alone_and_of_the_stated_deviation() -> None:
    # With no signal left in y, the balanced median of y is that of the noise: the ratio grows in proportion.
    silent = SIGNALS | {"hidden_2": np.zeros_like(SIGNALS["hidden_2"])}
    small, large = (measured(silent, channel_noise=deviation).scale_ratio for deviation in (0.5, 5.0))
    assert small is not None
    assert large == pytest.approx(10 * small, rel=1e-5)
    generator = np.random.default_rng(5)
    alike = {"hidden_1": generator.normal(0, 0.5, (N, 2)), "hidden_2": np.zeros((N, 2))}
    assert measured(alike, channel_noise=0.5).scale_ratio == pytest.approx(1, rel=0.15)


def test_the_caller_s_activations_are_left_alone() -> None:
    signals = {name: array.copy() for name, array in SIGNALS.items()}
    measured(signals, with_credibility=True, **NOISY)
    assert all(signals[name].tobytes() == SIGNALS[name].tobytes() for name in signals)


# the subset


def rows_used(samples: int, seed: int, epoch: int) -> set[int]:
    """The rows whose NaN is noticed."""
    used = set()
    for row in range(N):
        x = SIGNALS["hidden_1"].copy()
        x[row] = np.nan
        record = measured(SIGNALS | {"hidden_1": x}, seed=seed, epoch=epoch, measure={"samples": samples})
        used |= {row} if record.reason else set()
    return used


def test_a_subset_is_random_of_the_size_asked_for_and_the_same_for_every_point_and_epoch() -> None:
    used = rows_used(30, seed=0, epoch=0)
    assert len(used) == 30
    assert rows_used(30, seed=9, epoch=5) == used
    assert max(used) > N // 2 > min(used)


def test_all_samples_are_all_images() -> None:
    assert measured(measure={"samples": N}) == measured(measure={"samples": "all"}) == measured()
    assert measured(measure={"samples": N - 50}) != measured()


def test_the_subset_takes_the_same_rows_of_both_signals() -> None:
    same = measured(SIGNALS | {"hidden_2": SIGNALS["hidden_1"]}, measure={"samples": 100})
    assert same.mutual_information_bits == pytest.approx(ceiling_bits(100, 3), abs=0.1)


# credibility


def test_credibility_is_recorded_when_asked_for_and_changes_no_value() -> None:
    plain, trusted = measured(), measured(with_credibility=True)
    assert bits(plain) == bits(trusted)
    assert (plain.mi_ceiling_bits, plain.mi_null_bits, plain.mi_standard_error_bits) == (None, None, None)
    assert trusted.mi_ceiling_bits == ceiling_bits(N, 3)
    assert trusted.mi_null_bits == pytest.approx(0, abs=0.2)
    assert 0 < (trusted.mi_standard_error_bits or 0) < 0.5


TRUST = [field.name for field in dataclasses.fields(PairRecord) if field.name.startswith("mi_")]


def test_every_field_of_credibility_is_filled_when_asked_for_and_none_otherwise() -> None:
    assert all(getattr(measured(), name) is None for name in TRUST)
    trusted = measured(with_credibility=True)
    assert [name for name in TRUST if getattr(trusted, name) is None] == []
    x, y = SIGNALS["hidden_1"], SIGNALS["hidden_2"]
    assert trusted.mi_k1_bits == pytest.approx(mutual_information(x, y, k=1).bits, abs=1e-4)
    assert trusted.mi_k10_bits == pytest.approx(mutual_information(x, y, k=10).bits, abs=1e-4)
    curve = (trusted.mi_quarter_n_bits, trusted.mi_half_n_bits, trusted.mutual_information_bits)
    assert curve == tuple(sorted(curve))
    assert (trusted.mi_tied_share, trusted.mi_duplicate_share) == (0, 0)


def test_saturated_and_repeated_activations_are_recorded_as_such() -> None:
    saturated = {name: np.sign(array) for name, array in SIGNALS.items()}
    record = measured(saturated, with_credibility=True)
    assert record.mutual_information_bits is not None
    assert record.mi_saturated_share == 1.0
    assert (record.mi_duplicate_share or 0) > 0.9


def test_the_ceiling_is_that_of_the_samples_used() -> None:
    record = measured(with_credibility=True, measure={"samples": 50, "neighbors": 5})
    assert record.mi_ceiling_bits == ceiling_bits(50, 5)


@pytest.mark.parametrize("pair", [INPUT, PAIR])
def test_the_credibility_of_a_balanced_value_ignores_a_change_of_units_as_the_value_does(pair: LayerPair) -> None:
    """With the balanced value alone recorded, null and standard error can only be about that value."""
    louder = SIGNALS | {"hidden_2": 20 * SIGNALS["hidden_2"]}
    one, other = (
        measured(signals, pair=pair, with_credibility=True, measure={"scales": ("balanced",)})
        for signals in (SIGNALS, louder)
    )
    assert one.mutual_information_balanced_bits == pytest.approx(other.mutual_information_balanced_bits, abs=1e-4)
    assert one.mi_null_bits == pytest.approx(other.mi_null_bits, abs=1e-3)
    assert one.mi_standard_error_bits == pytest.approx(other.mi_standard_error_bits, abs=1e-3)
