"""Of the gradients of an epoch's batches: how much all share, and how much is each one's own."""

import keras
import numpy as np
import pytest
from scipy.special import log_softmax

from tests.trained import few_digits, run
from trainables import geometry
from trainables.architectures import build
from trainables.batches import batches
from trainables.config import TrialConfig
from trainables.geometry import GradientMoments
from trainables.networks import network
from trainables.networks.gradient_noise import MOST_BATCHES

MEASURE = {"measures": ["gradient"], "every": 2}
CONFIG = TrialConfig(width=2, depth=2, epochs=3, batch_size=30, seed=4, batch_norm=False, bias=False, measure=MEASURE)


@pytest.mark.every_backend
def test_moments_are_those_of_the_gradients_of_whole_batches() -> None:
    """By hand, for a network of two hidden layers without normalization, at its initial weights."""
    data = few_digits()
    found = network(CONFIG, data, ["merged"]).gradient_noise
    assert found
    a, b, c, bias = (weight.astype(float) for weight in build(CONFIG, 64, 10).get_weights())
    gradients: dict[str, list[np.ndarray]] = {"hidden_1": [], "hidden_2": []}
    for rows in batches(100, 30, CONFIG.seed, 1)[:3]:  # the fourth has 10 images
        x = data.train_images[rows].astype(float)
        h = np.tanh(x @ a)
        g = np.tanh(h @ b)
        at_logits = (np.exp(log_softmax(g @ c + bias, axis=1)) - np.eye(10)[data.train_labels[rows]]) / 30
        at_g = (at_logits @ c.T) * (1 - g**2)
        gradients["hidden_2"].append(h.T @ at_g / np.linalg.norm(b))
        gradients["hidden_1"].append(x.T @ ((at_g @ b.T) * (1 - h**2)) / np.linalg.norm(a))
    for layer, moments in found.moments(CONFIG.seed, 1).items():
        of_layer = np.array(gradients[layer])
        assert moments.batches == 3
        assert moments.mean_square == pytest.approx(np.sum(of_layer.mean(axis=0) ** 2), rel=1e-4)
        assert moments.variance == pytest.approx(of_layer.var(axis=0, ddof=1).sum(), rel=1e-4)


@pytest.mark.every_backend
def test_looking_changes_no_variable() -> None:
    """Batches are normalized by their own statistics, and moving averages stay."""
    looked_at = network(CONFIG.model_copy(update={"batch_norm": True}), few_digits(), ["merged"])
    before = looked_at.values()
    assert looked_at.gradient_noise
    assert looked_at.gradient_noise.moments(0, 1)["hidden_1"].variance > 0
    assert all(np.array_equal(one, other) for one, other in zip(before, looked_at.values(), strict=True))


def test_a_training_records_them_of_each_layer_where_mi_is_measured() -> None:
    history = run(CONFIG, few_digits()).history
    for record in history:
        names = {(one.measure, one.layer) for one in record.measures}
        kinds = ("gradient_signal_to_noise", "gradient_mean", "gradient_noise")
        assert names == ({(kind, layer) for kind in kinds for layer in "12"} if record.epoch != 1 else set())
        values = {(one.measure, one.layer): one.value for one in record.measures}
        for layer in "12" if values else "":
            mean, noise = values["gradient_mean", layer], values["gradient_noise", layer]
            assert values["gradient_signal_to_noise", layer] == pytest.approx(mean / noise)


def test_where_a_step_takes_the_whole_training_set_there_is_no_noise_to_tell() -> None:
    config = CONFIG.model_copy(update={"batch_size": "all", "epochs": 0})
    (record,) = run(config, few_digits()).history
    assert {(one.value, one.reason) for one in record.measures} == {
        (None, "an epoch has no two whole batches, between which gradients could differ")
    }


def moments(gradients: np.ndarray) -> GradientMoments:
    """Of gradients (batches, weights)."""
    variance = float(gradients.var(axis=0, ddof=1).sum())
    return GradientMoments(float(np.sum(gradients.mean(axis=0) ** 2)), variance, len(gradients))


@pytest.mark.parametrize("count", [4, MOST_BATCHES])
def test_the_ratio_is_that_of_signal_and_noise_whatever_the_number_of_batches(count: int) -> None:
    """Gradients of 10,000 weights: a common one of norm 3, and noise of norm 2 in each batch."""
    random = np.random.default_rng(0)
    common, noise = np.full(10_000, 3 / 100), random.normal(0, 2 / 100, (count, 10_000))
    found = moments(common + noise)
    assert geometry.gradient_mean(found).value == pytest.approx(3, rel=0.02)
    assert geometry.gradient_noise(found).value == pytest.approx(2, rel=0.02)
    assert geometry.gradient_signal_to_noise(found).value == pytest.approx(1.5, rel=0.03)
    assert geometry.gradient_signal_to_noise(moments(noise)).value == pytest.approx(0, abs=0.1)


def test_gradients_that_are_not_finite_or_all_equal_have_no_ratio() -> None:
    for gradients, reason in ((np.full((3, 2), np.nan), "not finite"), (np.ones((3, 2)), "all batches are equal")):
        found = geometry.gradient_signal_to_noise(moments(gradients))
        assert found.value is None
        assert reason in str(found.reason)


def test_layers_are_those_of_the_network_in_their_order() -> None:
    deep = network(CONFIG.model_copy(update={"depth": 4}), few_digits(), ["merged"])
    assert isinstance(deep.trained, keras.Model)
    assert deep.gradient_noise
    assert list(deep.gradient_noise.moments(0, 1)) == ["hidden_1", "hidden_2", "hidden_3", "hidden_4"]
