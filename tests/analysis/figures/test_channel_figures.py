"""Figures of the exact channel: by gain with its prediction on top, and as an information plane."""

from pathlib import Path

import numpy as np
import pytest

from analysis.figures import FIGURES, NothingToDraw
from analysis.figures.isometry import channel
from analysis.mean_field import kernels, last_kernels
from analysis.mean_field.prediction import predicted_information
from tests.analysis.figures.conftest import GAINS, make_isometry, make_plane
from trainables.config import TrialConfig
from trainables.datasets import load
from trainables.measurement.subset import measured_images

NAME = "isometry_channel"


def test_it_is_that_of_the_last_layer_of_the_untrained_network() -> None:
    epochs, points = make_isometry(seeds=range(3))
    table = FIGURES[NAME].table(epochs, points).table
    medians = table[table["statistic"] == "median"]
    expected = [np.log2(40) * (1 - np.exp(-gain / depth)) for depth in (2, 4) for gain in GAINS] * 2
    assert medians["channel_bits"].tolist() == pytest.approx(expected)
    assert set(medians["runs"]) == {3}


def test_the_prediction_is_of_the_very_images_and_the_noise_that_was_measured() -> None:
    table = FIGURES[NAME].table(*make_isometry(initializers=["gaussian"])).table
    predicted = table[table["statistic"] == "prediction"].set_index(["depth", "gain"])["channel_bits"]
    assert sorted(predicted.index) == [(depth, gain) for depth in (2, 4) for gain in GAINS]
    config = TrialConfig.model_validate(
        {"width": 20, "depth": 2, "gain": 1.5, "initializer": "gaussian", "batch_norm": False, "architecture": "mlp"}
        | {"measure": {"samples": 40, "noise": 0.5, "noise_at": "every_layer"}}
    )
    images = load("digits").validation_images[measured_images(config)]
    *_, last = kernels(images, config, 0.5)
    found = last_kernels(images, config, [1, 2, 5], 0.5)
    np.testing.assert_array_equal(found[2].between, last.between)
    np.testing.assert_array_equal(found[2].own, last.own)
    assert predicted[2, 1.5] == pytest.approx(predicted_information(last, 0.5).bits)


def test_without_the_images_or_of_other_networks_it_is_drawn_without_and_says_so(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    epochs, points = make_isometry(initializers=["gaussian"], depths=[2])
    monkeypatch.delenv("SWEEP_DATA_DIR", raising=False)
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    monkeypatch.setattr(channel, "MOST_IMAGES", 30)
    for changed, said in (
        ({}, "not drawn: it is for at most 30 images"),
        ({"dataset": "mnist"}, "not drawn: mnist is not on this machine"),
        ({"batch_norm": True}, "not drawn: it is of plain stacks without BatchNorm"),
    ):
        data = FIGURES[NAME].table(epochs.assign(dataset=changed.get("dataset", "digits")), points.assign(**changed))
        assert said in data.caption
        assert "prediction" not in set(data.table["statistic"])
        labels = [text.get_text() for legend in FIGURES[NAME].draw(data).legends for text in legend.get_texts()]
        assert "predicted" not in labels


def test_points_of_another_noise_are_not_on_the_same_curve() -> None:
    epochs, points = make_isometry(initializers=["gaussian"], depths=[2], seeds=range(3))
    points.loc[points["seed"] == 2, "measure_noise"] = 0.1
    table = FIGURES[NAME].table(epochs, points).table
    assert set(table.loc[table["statistic"] == "run", "seed"]) == {0, 1}


def test_sweeps_without_the_channel_say_what_they_need() -> None:
    epochs, points = make_isometry()
    for lacking in (epochs.drop(columns="channel_bits"), epochs.assign(channel_bits=np.nan)):
        with pytest.raises(NothingToDraw, match="needs the measure channel of the last layer"):
            FIGURES[NAME].table(lacking, points)
    plane, of_plane = make_plane(seeds=[0])
    with pytest.raises(NothingToDraw, match="needs the measure channel"):
        FIGURES["information_plane_channel"].table(plane.drop(columns="channel_bits"), of_plane)


def test_the_plane_of_the_channel_has_it_on_both_axes() -> None:
    epochs, points = make_plane(seeds=[0], depth=3, epochs=2)
    data = FIGURES["information_plane_channel"].table(epochs, points)
    row = data.table.iloc[0]
    raw = epochs[(epochs["point_id"] == row["point_id"]) & (epochs["epoch"] == 0)].set_index("pair")
    assert row["input_information_channel_bits"] == raw.loc["input-1", "channel_bits"]
    assert row["label_information_channel_bits"] == raw.loc["1-label", "channel_bits"]
    assert "deviation 0.3" in data.caption
    assert "balanced" not in data.caption
