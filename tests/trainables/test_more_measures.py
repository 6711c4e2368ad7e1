"""What is measured beside KSG: the values of the measures themselves, as records that survive bytes and resumption."""

from dataclasses import replace
from itertools import pairwise
from typing import get_args

import numpy as np
import pytest

from tests.trained import Run, few_digits, network_after, observed, run, timeless
from trainables import geometry
from trainables.architectures import build
from trainables.config import MeasureName, TrialConfig
from trainables.datasets import Dataset
from trainables.identity import components
from trainables.information import channel_information
from trainables.information.measures import MEASURES
from trainables.measurement import MoreMeasures, of_jacobians
from trainables.networks.noisy_paths import NoisyPaths
from trainables.probes import pairs
from trainables.records import MeasureRecord, history_from_arrow, history_to_arrow

ALL = get_args(MeasureName)
CONFIG = TrialConfig(
    architecture="shortcut",
    width=3,
    depth=2,
    epochs=3,
    measure={"pairs": ["first-merged", "input-each", "each-label"], "measures": ALL, "noise": 0.5, "every": 2},
)


@pytest.fixture(scope="module")
def data() -> Dataset:
    return few_digits()


@pytest.fixture(scope="module")
def done(data: Dataset) -> Run:
    return run(CONFIG, data)


def only(done: Run, epoch: int, **fields: object) -> MeasureRecord:
    (found,) = [
        one for one in done.history[epoch].measures if all(getattr(one, name) == is_ for name, is_ in fields.items())
    ]
    return found


def test_they_are_measured_when_ksg_is_and_at_no_other_epoch(done: Run) -> None:
    assert [bool(record.measures) for record in done.history] == [True, False, True, True]
    kinds = {(one.measure, one.scale) for one in done.history[2].measures}
    assert {("ksg", "rank"), ("gaussian", "affine"), ("sliced", "balanced"), ("binned", "range")} < kinds
    assert {("channel", "none"), ("twonn_dimension", None), ("participation_ratio", None)} < kinds


def test_the_values_are_those_of_the_measures_on_the_layers(done: Run, data: Dataset) -> None:
    outputs = observed(network_after(done.snapshots[2], 64), data.validation_images)
    first, merged = outputs["hidden_1"], outputs["merged"]
    gaussian = only(done, 2, measure="gaussian", pair="first-merged")
    assert gaussian.value == pytest.approx(MEASURES["gaussian/affine"](first, merged).value, rel=1e-5)
    twonn, expected = only(done, 2, measure="twonn_dimension", layer="1"), geometry.twonn_dimension(first)
    assert (twonn.value, twonn.unit) == (pytest.approx(expected.value, rel=1e-4), "dimensions")
    assert twonn.standard_error == pytest.approx(expected.standard_error, rel=1e-4)
    channel = only(done, 2, measure="channel", pair="input-merged")
    exact = channel_information(merged, 0.5, labels=data.validation_labels)
    assert (channel.lower, channel.upper) == pytest.approx((exact.lower, exact.upper), rel=1e-5)
    assert (channel.ceiling, channel.noise) == (np.log2(50), 0.5)
    assert channel.value == pytest.approx(exact.bits, abs=5 * exact.standard_error)
    assert only(done, 2, measure="channel", pair="merged-label").value == pytest.approx(exact.label_bits, abs=0.5)


def test_jacobians_are_told_at_the_first_and_the_last_epoch_with_their_quantiles(done: Run) -> None:
    for epoch in (0, 3):
        mean = only(done, epoch, measure="mean_squared_singular_value", layer="2")
        pair = next(one for one in done.history[epoch].pairs if one.pair == "input-2")
        assert mean.value == pytest.approx(pair.jacobian_mean_squared_singular_value, rel=1e-4)
        quantiles = [one.value for one in done.history[epoch].measures if one.measure == "singular_value"]
        assert len(quantiles) == 2 * 7
        assert quantiles[:7] == sorted(quantiles[:7])
    assert not [one for one in done.history[2].measures if one.measure == "singular_value"]


def test_an_isometry_has_no_deviation() -> None:
    records = of_jacobians({"hidden_4": np.ones((10, 5))})
    assert {one.layer for one in records} == {"4"}
    values = {(one.measure, one.scale): one.value for one in records}
    assert values["isometry_deviation", None] == 0.0
    assert values["singular_value", "quantile 0.5"] == 1.0


def test_records_survive_bytes(done: Run) -> None:
    assert history_from_arrow(history_to_arrow(done.history)) == tuple(done.history)


def test_interrupted_and_resumed_they_are_the_same(done: Run, data: Dataset) -> None:
    assert timeless(run(CONFIG, data, done.snapshots[1]).history) == timeless(done.history)


def test_equal_points_measure_the_same_with_any_number_of_threads(data: Dataset) -> None:
    generator = np.random.default_rng(0)
    signals = {name: generator.normal(size=(50, 4)) for name in ("hidden_1", "hidden_2", "merged")}
    signals |= {"input": data.validation_images[:50], "label": data.validation_labels[:50]}
    found = [MoreMeasures(CONFIG, pairs(CONFIG), threads).measure(signals, 2) for threads in (1, 3)]
    assert [replace(one, seconds=None) for one in found[0]] == [replace(one, seconds=None) for one in found[1]]


def test_layers_that_are_not_finite_have_reasons_and_no_values(data: Dataset) -> None:
    signals = {name: np.full((50, 4), np.nan) for name in ("hidden_1", "hidden_2", "merged")}
    signals |= {"input": data.validation_images[:50], "label": data.validation_labels[:50]}
    for one in MoreMeasures(CONFIG, pairs(CONFIG), 1).measure(signals, 2):
        assert one.value is None, one
        assert one.reason


def test_they_are_components_of_the_points_that_ask_for_them_alone() -> None:
    assert not [name for name in components.names(TrialConfig()) if name.startswith("measure")]
    assert {f"measure {name}" for name in ALL} <= set(components.names(CONFIG))
    assert {f"measure {name}" for name in ALL} <= components.identities().keys()


def test_with_noise_at_every_layer_no_layer_tells_more_than_the_one_before(data: Dataset) -> None:
    asked = {"pairs": ["input-each"], "measures": ["channel"], "noise": 0.4, "noise_at": "every_layer"}
    config = TrialConfig(architecture="shortcut_resnet", width=4, depth=4, epochs=0, measure=asked)
    (record,) = run(config, data).history
    of_image, of_label = ([one for one in record.measures if name in one.pair] for name in ("input", "label"))
    assert [one.pair for one in of_image] == [f"input-{layer}" for layer in range(1, 5)]
    assert [one.pair for one in of_label] == [f"{layer}-label" for layer in range(1, 5)]
    assert {one.scale for one in record.measures} == {"noise at every layer"}
    for of_layers in (of_image, of_label):
        for one, following in pairwise(of_layers):
            error = 3 * np.hypot(one.standard_error, following.standard_error)
            assert 0.0 <= following.lower <= one.upper + error
            assert following.lower <= following.value <= following.upper
    for image, label in zip(of_image, of_label, strict=True):
        assert label.lower <= image.upper + 3 * np.hypot(image.standard_error, label.standard_error)
        assert label.upper <= label.ceiling + 3 * label.standard_error < np.log2(10) + 1


def test_the_first_layer_has_no_noise_before_it_and_a_residual_sum_carries_that_of_both(data: Dataset) -> None:
    config = TrialConfig(architecture="resnet", width=4, depth=4)
    built = build(config, 64, 10)
    paths = NoisyPaths(config, built).sample(data.validation_images, 0.5, 3, 7)
    assert np.ptp(paths["hidden_1"], axis=1).max() == 0.0
    assert np.ptp(paths["hidden_2"], axis=1).min() > 0.0
    expected = observed(built, data.validation_images)["hidden_1"]
    np.testing.assert_allclose(paths["hidden_1"][:, 0], expected, atol=1e-5)
    silent = NoisyPaths(config, built).sample(data.validation_images, 0.0, 2, 7)
    np.testing.assert_allclose(silent["hidden_4"][:, 1], observed(built, data.validation_images)["hidden_4"], atol=1e-5)


def test_noisy_paths_of_equal_seeds_are_equal_and_of_others_are_not(data: Dataset) -> None:
    config = TrialConfig(width=3, depth=2)
    noisy = NoisyPaths(config, build(config, 64, 10))
    one, same, other = (noisy.sample(data.validation_images, 0.5, 2, seed)["hidden_2"] for seed in (1, 1, 2))
    assert one.tobytes() == same.tobytes() != other.tobytes()


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_a_network_whose_jacobian_is_not_finite_has_reasons_and_no_error(data: Dataset) -> None:
    asked = {"pairs": ["input-each"], "measures": ["geometry"]}
    config = TrialConfig(activation="linear", gain=1e30, batch_norm=False, width=3, depth=3, epochs=0, measure=asked)
    (record,) = run(config, data).history
    deviations = [one for one in record.measures if one.measure == "isometry_deviation"]
    assert len(deviations) == 3
    assert deviations[-1].value is None
    assert deviations[-1].reason
