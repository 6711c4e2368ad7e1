"""A config is a frozen value, and refuses what makes no sense."""

import pytest
from pydantic import ValidationError

from trainables.config import (
    VALIDATION_IMAGES,
    Measurement,
    TrialConfig,
)


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
    "negative deviation of biases": {"bias_std": -0.1},
    "infinite deviation of biases": {"bias_std": float("inf")},
    "deviation of biases that there are not": {"bias": False, "bias_std": 0.1},
    "no image in a batch": {"batch_size": 0},
    "batches of every": {"batch_size": "every"},
    "more images in a batch than there are": {"dataset": "digits", "batch_size": 1434},
    "sums of a network without residuals": {"architecture": "shortcut", "residual_sums": "every_layer"},
    "unknown sums": {"architecture": "resnet", "residual_sums": "every"},
    "unknown activation": {"activation": "selu"},
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
    "no biases, without a deviation": {"bias": False, "bias_std": 0.0},
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
        ({"bias": False, "bias_std": 0.1}, "bias_std is 0.1, but bias is false: allowed is 0, or bias: true"),
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
    assert set(flat) == (set(TrialConfig.model_fields) - {"measure"}) | {
        f"measure_{name}" for name in Measurement.model_fields
    }
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
