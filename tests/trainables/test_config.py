"""A config is a frozen value whose id is the hash of everything that decides its numbers, and of nothing else."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import Field, ValidationError

from sweep.store import Store
from trainables.config import (
    FIELDS_OF_VERSION_1,
    MEASURE_FIELDS_OF_VERSION_1,
    VALIDATION_IMAGES,
    Measurement,
    TrialConfig,
)
from trainables.records import PointResult

DEFAULTS = (
    '{"architecture":"mlp","batch_norm":true,"batch_norm_momentum":0.99,"bias":true,"channel_noise":0.0,'
    '"config_version":1,"dataset":"digits","depth":5,"epochs":200,"gain":1.0,"initializer":"glorot_normal",'
    '"learning_rate":0.001,"measure":{"estimator":"ksg","every":1,"neighbors":3,'
    '"pairs":["first-merged","first-last"],"samples":"all","scales":["none","balanced"]},'
    '"optimizer":"rmsprop","seed":0,"width":50}'
)

CHANGES: dict[str, object] = {
    "dataset": "mnist",
    "architecture": "resnet",
    "width": 51,
    "depth": 6,
    "seed": 1,
    "epochs": 201,
    "optimizer": "sgd",
    "learning_rate": 2e-3,
    "batch_norm": False,
    "batch_norm_momentum": 0.9,
    "initializer": "orthogonal",
    "gain": 1.1,
    "bias": False,
    "channel_noise": 0.1,
    "measure": {"every": 2},
}
MEASURE_CHANGES: dict[str, object] = {
    "pairs": ("first-last",),
    "scales": ("none",),
    "neighbors": 4,
    "every": "log",
    "samples": 100,
    "estimator": "npeet",
}


def changed(*, section: str, field: str) -> TrialConfig:
    return TrialConfig(
        **{field: CHANGES[field]} if section == "config" else {"measure": {field: MEASURE_CHANGES[field]}}
    )


EVERY_CHANGE = [("config", name) for name in CHANGES] + [("measure", name) for name in MEASURE_CHANGES]


def test_the_canonical_form_writes_out_every_default_of_version_1() -> None:
    assert TrialConfig().canonical() == DEFAULTS
    assert {"config_version", *FIELDS_OF_VERSION_1} == json.loads(DEFAULTS).keys()
    assert set(MEASURE_FIELDS_OF_VERSION_1) == json.loads(DEFAULTS)["measure"].keys()


class LaterMeasurement(Measurement):
    """Of a later version, with one more field."""

    units: int = 0


class LaterConfig(TrialConfig):
    """Of a later version, with one more field."""

    measure: LaterMeasurement = LaterMeasurement()
    frozen_weights: bool = False
    tags: tuple[str, ...] = Field(default_factory=tuple)


def test_a_field_of_a_later_version_with_its_default_changes_no_id() -> None:
    later = LaterConfig(seed=3)
    assert later.canonical() == TrialConfig(seed=3).canonical()
    assert (later.point_id, later.config_id) == (TrialConfig(seed=3).point_id, TrialConfig().config_id)
    assert LaterConfig(seed=3, frozen_weights=False, tags=()).point_id == later.point_id


@pytest.mark.parametrize("values", [{"frozen_weights": True}, {"tags": ("a",)}, {"measure": {"units": 1}}])
def test_a_field_of_a_later_version_with_another_value_changes_the_id(values: dict[str, Any]) -> None:
    assert LaterConfig(**values).point_id != TrialConfig().point_id
    assert LaterConfig(**values).config_id != TrialConfig().config_id


def test_what_was_stored_before_a_field_was_added_is_the_result_of_a_config_with_its_default(
    tmp_path: Path, result: Callable[[TrialConfig], PointResult]
) -> None:
    store = Store(tmp_path)
    point = TrialConfig(epochs=1, width=4, depth=2)
    store.commit_result(point, result(point))
    same = {"epochs": 1, "width": 4, "depth": 2}
    assert store.result(LaterConfig(**same)) == store.result(point) is not None
    assert store.result(LaterConfig(**same, frozen_weights=True)) is None


def test_ids_written_by_this_version_stay_what_they_are() -> None:
    """Stores hold these ids. If this fails, raise CONFIG_VERSION and say so in the CHANGELOG before changing them."""
    assert TrialConfig().point_id == "mlp-w50-d5-s0-061e896d"
    assert TrialConfig().config_id == "7ee2b288"
    paper = TrialConfig(dataset="mnist", architecture="shortcut", width=100, seed=7, measure={"samples": 2000})
    assert paper.point_id == "shortcut-w100-d5-s7-b1b33f5f"


def test_the_changes_tested_here_cover_every_field() -> None:
    assert set(CHANGES) == set(TrialConfig.model_fields)
    assert set(MEASURE_CHANGES) == set(Measurement.model_fields)


@pytest.mark.parametrize(("section", "field"), EVERY_CHANGE)
def test_every_field_changes_the_id(section: str, field: str) -> None:
    assert changed(section=section, field=field).point_id != TrialConfig().point_id


def test_all_changed_points_differ_from_each_other() -> None:
    assert len({changed(section=section, field=field).point_id for section, field in EVERY_CHANGE}) == len(EVERY_CHANGE)


@pytest.mark.parametrize(("section", "field"), EVERY_CHANGE)
def test_the_seed_alone_leaves_the_config_id(section: str, field: str) -> None:
    is_same = changed(section=section, field=field).config_id == TrialConfig().config_id
    assert is_same == (field == "seed")


def test_a_default_written_out_is_the_same_point() -> None:
    written = TrialConfig(**json.loads(DEFAULTS.replace('"config_version":1,', "")))
    assert written == TrialConfig()
    assert written.point_id == TrialConfig().point_id


@given(
    st.builds(
        TrialConfig,
        dataset=st.sampled_from(["mnist", "digits"]),
        width=st.integers(1, 100_000),
        depth=st.integers(2, 1000),
        seed=st.integers(0, 2**31 - 1),
        learning_rate=st.floats(1e-12, 1e12),
        gain=st.floats(1e-6, 1e6),
        channel_noise=st.floats(0, 1e6),
        measure=st.builds(Measurement, every=st.integers(1, 10**6) | st.just("log"), neighbors=st.integers(1, 300)),
    )
)
def test_the_canonical_form_alone_gives_the_point_back(config: TrialConfig) -> None:
    body = json.loads(config.canonical())
    del body["config_version"]
    assert TrialConfig(**body) == config
    assert TrialConfig(**body).point_id == config.point_id


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"learning_rate": 1}, {"learning_rate": 1.0}),
        ({"gain": 1e0}, {}),
        ({"channel_noise": -0.0}, {"channel_noise": 0.0}),
        ({"measure": {"pairs": ["first-merged", "first-merged", "first-last"]}}, {}),
        ({"measure": Measurement()}, {"measure": {}}),
    ],
)
def test_equal_configs_have_equal_ids(one: dict[str, object], other: dict[str, object]) -> None:
    assert TrialConfig(**one) == TrialConfig(**other)
    assert TrialConfig(**one).point_id == TrialConfig(**other).point_id


def test_the_name_is_for_people_and_begins_the_id() -> None:
    config = TrialConfig(architecture="shortcut_resnet", width=10, depth=7, seed=3)
    assert config.name == "shortcut_resnet-w10-d7-s3"
    name, _, digits = config.point_id.rpartition("-")
    assert name == config.name
    assert len(digits) == 8
    assert set(digits) <= set("0123456789abcdef")


@pytest.mark.parametrize(("owner", "field"), [(TrialConfig(), "width"), (TrialConfig().measure, "neighbors")])
def test_a_config_is_frozen(owner: TrialConfig | Measurement, field: str) -> None:
    with pytest.raises(ValidationError, match="frozen"):
        setattr(owner, field, 7)


@pytest.mark.parametrize("unknown", [{"dpeth": 5}, {"measure": {"neighbours": 3}}])
def test_unknown_fields_are_refused(unknown: dict[str, object]) -> None:
    with pytest.raises(ValidationError, match="Extra inputs are not permitted"):
        TrialConfig(**unknown)


REFUSED: dict[str, dict[str, object]] = {
    "depth 1": {"depth": 1},
    "depth 1001": {"depth": 1001},
    "width 0": {"width": 0},
    "width over 100,000": {"width": 100_001},
    "half a unit": {"width": 1.5},
    "negative seed": {"seed": -1},
    "seed of 2**31": {"seed": 2**31},
    "negative epochs": {"epochs": -1},
    "learning rate 0": {"learning_rate": 0},
    "learning rate NaN": {"learning_rate": float("nan")},
    "infinite learning rate": {"learning_rate": float("inf")},
    "momentum 1": {"batch_norm_momentum": 1},
    "momentum NaN": {"batch_norm_momentum": float("nan")},
    "gain 0": {"gain": 0},
    "infinite gain": {"gain": float("inf")},
    "negative noise": {"channel_noise": -0.1},
    "noise NaN": {"channel_noise": float("nan")},
    "unknown data set": {"dataset": "cifar"},
    "unknown architecture": {"architecture": "transformer"},
    "unknown optimizer": {"optimizer": "lion"},
    "unknown initializer": {"initializer": "zeros"},
    "no pairs": {"measure": {"pairs": []}},
    "unknown pair": {"measure": {"pairs": ["first-second"]}},
    "no scales": {"measure": {"scales": []}},
    "unknown scale": {"measure": {"scales": ["log"]}},
    "no neighbors": {"measure": {"neighbors": 0}},
    "never measured": {"measure": {"every": 0}},
    "every other word": {"measure": {"every": "linear"}},
    "every True": {"measure": {"every": True}},
    "every 1.0": {"measure": {"every": 1.0}},
    "one sample": {"measure": {"samples": 1}},
    "samples in words": {"measure": {"samples": "some"}},
    "unknown estimator": {"measure": {"estimator": "mine"}},
    "more samples than digits": {"measure": {"samples": 365}},
    "more samples than mnist": {"dataset": "mnist", "measure": {"samples": 10_001}},
    "as many neighbors as samples": {"measure": {"samples": 3, "neighbors": 3}},
    "as many neighbors as digits": {"measure": {"neighbors": 364}},
}

ALLOWED: dict[str, dict[str, object]] = {
    "smallest network": {"depth": 2, "width": 1},
    "largest seed": {"seed": 2**31 - 1},
    "initialization only": {"epochs": 0},
    "momentum 0": {"batch_norm_momentum": 0},
    "all digits": {"measure": {"samples": 364}},
    "all of mnist": {"dataset": "mnist", "measure": {"samples": 10_000}},
    "one sample more than neighbors": {"measure": {"samples": 4, "neighbors": 3}},
    "one digit more than neighbors": {"measure": {"neighbors": 363}},
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_makes_no_sense_is_refused(case: str) -> None:
    with pytest.raises(ValidationError):
        TrialConfig(**REFUSED[case])


@pytest.mark.parametrize("case", ALLOWED)
def test_the_limits_themselves_are_allowed(case: str) -> None:
    TrialConfig(**ALLOWED[case])


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"measure": {"samples": 365}}, "measure.samples is 365, but digits has 364 validation images"),
        ({"measure": {"samples": 9, "neighbors": 9}}, "measure.neighbors is 9, but must be below the 9 samples"),
        ({"measure": {"every": 0}}, "must be 'log' or a whole number, at least 1"),
        ({"measure": {"samples": "half"}}, "must be 'all' or a whole number, at least 2"),
    ],
)
def test_a_refusal_names_the_value_and_what_is_allowed(fields: dict[str, object], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        TrialConfig(**fields)


@pytest.mark.parametrize("dataset", VALIDATION_IMAGES)
def test_flat_has_every_field_once_as_a_plain_value(dataset: str) -> None:
    flat = TrialConfig(dataset=dataset, measure={"every": "log", "neighbors": 4}).flat()
    assert set(flat) == (set(CHANGES) - {"measure"}) | {f"measure_{name}" for name in MEASURE_CHANGES}
    assert all(isinstance(value, str | int | float | bool) for value in flat.values())
    assert (flat["dataset"], flat["width"], flat["batch_norm"]) == (dataset, 50, True)
    assert flat["measure_pairs"] == "first-merged first-last"
    assert flat["measure_scales"] == "none balanced"
    assert flat["measure_neighbors"] == 4
    assert (flat["measure_every"], flat["measure_samples"]) == ("log", "all")


def due(every: int | str, last_epoch: int) -> list[int]:
    measure = Measurement(every=every)  # type: ignore[arg-type]
    return [epoch for epoch in range(last_epoch + 1) if measure.is_due(epoch, last_epoch)]


@pytest.mark.parametrize(
    ("every", "last_epoch", "epochs"),
    [
        (1, 4, [0, 1, 2, 3, 4]),
        (3, 10, [0, 3, 6, 9, 10]),
        (100, 7, [0, 7]),
        (1, 0, [0]),
        ("log", 20, [0, 1, 2, 4, 8, 16, 20]),
        ("log", 0, [0]),
    ],
)
def test_due_epochs_are_the_regular_ones_and_both_ends(every: int | str, last_epoch: int, epochs: list[int]) -> None:
    assert due(every, last_epoch) == epochs
