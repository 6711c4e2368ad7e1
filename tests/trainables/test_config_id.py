"""The id of a config is the hash of everything that decides its numbers, and of nothing else."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import Field

from sweep.store import Store
from trainables.config import (
    FIELDS_OF_VERSION_1,
    MEASURE_FIELDS_OF_VERSION_1,
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
    "batch_size": 128,
    "optimizer": "sgd",
    "learning_rate": 2e-3,
    "batch_norm": False,
    "batch_norm_momentum": 0.9,
    "initializer": "orthogonal",
    "gain": 1.1,
    "frozen": True,
    "batch_norm_statistics": "recalibrated",
    "residual_sums": "every_layer",
    "bias": False,
    "bias_std": 0.3,
    "activation": "relu",
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
    "measures": ("rank",),
    "noise": 0.5,
    "noise_at": "every_layer",
}


OF_OTHERS: dict[str, dict[str, object]] = {"residual_sums": {"architecture": "shortcut_resnet"}}
"""By field the others with which alone it can be changed."""


def changed(*, section: str, field: str) -> TrialConfig:
    change = {field: CHANGES[field]} if section == "config" else {"measure": {field: MEASURE_CHANGES[field]}}
    return TrialConfig(**OF_OTHERS.get(field, {}), **change)


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
    assert changed(section=section, field=field).point_id != TrialConfig(**OF_OTHERS.get(field, {})).point_id


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


def test_a_copy_has_an_identity_of_its_own_and_equals_a_config_that_was_never_asked_for_its() -> None:
    config = TrialConfig(seed=1)
    first = config.point_id
    assert config.model_copy(update={"seed": 2}).point_id == TrialConfig(seed=2).point_id != first
    assert config == TrialConfig(seed=1)
    assert hash(config) == hash(TrialConfig(seed=1))
    assert "point_id" not in config.model_dump()
    assert config.model_dump_json() == TrialConfig(seed=1).model_dump_json()
