"""What trials on other hosts are given: the data as it was, and how to reach a bucket."""

import os
import pickle
from dataclasses import replace

import numpy as np
import pytest
from ray.tune.execution import class_cache

from sweep.cluster.driver_data import DriverData, keep_from_logs
from sweep.storage import SETTINGS
from trainables.datasets import DatasetDamaged, load

TUNES_OWN = {*class_cache.ENV_VARS_TO_PROPAGATE, "AWS_SECRET_ACCESS_KEY"}


@pytest.fixture
def driver_data(monkeypatch: pytest.MonkeyPatch) -> DriverData:
    for name in SETTINGS:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "very-secret")
    return DriverData.loaded(["digits"], None)


def test_data_arrives_as_it_was_sent(driver_data: DriverData) -> None:
    found = pickle.loads(pickle.dumps(driver_data)).unpacked()["digits"]
    expected = load("digits")
    assert found.sha256 == expected.sha256
    assert np.array_equal(found.train_images, expected.train_images)
    assert found.train_images.dtype == expected.train_images.dtype


@pytest.mark.parametrize("part", ["train_images", "train_labels", "validation_images", "validation_labels"])
def test_data_that_was_damaged_on_its_way_is_refused(driver_data: DriverData, part: str) -> None:
    sent = driver_data.datasets["digits"]
    damaged = getattr(sent, part).copy()
    damaged.flat[-1] += 1
    arrived = replace(driver_data, datasets={"digits": replace(sent, **{part: damaged})})
    with pytest.raises(DatasetDamaged, match="digits: damaged on its way from the driver"):
        arrived.unpacked()


def test_only_settings_that_are_set_travel_and_they_are_not_shown(
    driver_data: DriverData, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert dict(driver_data.settings) == {"AWS_SECRET_ACCESS_KEY": "very-secret"}
    assert "very-secret" not in repr(driver_data)
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    driver_data.unpacked()
    assert os.environ["AWS_SECRET_ACCESS_KEY"] == "very-secret"


def test_tune_asks_for_no_credentials_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    class Trial:
        pass

    monkeypatch.setattr(class_cache, "ENV_VARS_TO_PROPAGATE", set(TUNES_OWN))
    for name in SETTINGS:
        monkeypatch.setenv(name, "very-secret")
    assert "very-secret" in str(class_cache._ActorClassCache().get(Trial)._default_options)
    keep_from_logs()
    assert "very-secret" not in str(class_cache._ActorClassCache().get(Trial)._default_options)
