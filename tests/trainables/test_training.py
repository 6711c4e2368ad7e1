"""Training is one full-batch step per epoch, the same bits every time, and goes on as if never interrupted."""

import math
from itertools import islice

import keras
import numpy as np
import pytest
from scipy.special import log_softmax

from tests.trained import Run, bits, few_digits, network_after, observed, run, timeless
from trainables.architectures import build
from trainables.config import TrialConfig
from trainables.datasets import Dataset
from trainables.information import mutual_information
from trainables.snapshots import Snapshot
from trainables.training import Training

EPOCHS = 2
CONFIG = TrialConfig(architecture="shortcut", width=3, depth=3, seed=3, epochs=EPOCHS, channel_noise=0.01)
OTHER = TrialConfig(
    architecture="mlp", width=2, depth=2, seed=1, epochs=5, optimizer="adam", batch_norm=False, measure={"every": 2}
)


@pytest.fixture(scope="module")
def data() -> Dataset:
    return few_digits()


@pytest.fixture(scope="module")
def whole(data: Dataset) -> Run:
    """CONFIG, never interrupted."""
    return run(CONFIG, data)


@pytest.fixture(scope="module")
def other(whole: Run, data: Dataset) -> Run:
    """OTHER, run in the same process after CONFIG."""
    return run(OTHER, data)


# epochs


@pytest.mark.every_backend
def test_records_run_from_epoch_0_to_the_last_without_gaps(whole: Run, other: Run) -> None:
    assert [record.epoch for record in whole.history] == [0, 1, 2]
    assert [record.epoch for record in other.history] == [0, 1, 2, 3, 4, 5]


@pytest.mark.every_backend
def test_epoch_0_is_the_untrained_network(whole: Run, data: Dataset) -> None:
    first = whole.history[0]
    assert (first.train_loss, first.train_seconds) == (None, 0.0)
    logits = observed(build(CONFIG, 64, 10), data.validation_images)["logits"].astype(float)
    assert first.test_error == np.mean(logits.argmax(axis=1) != data.validation_labels)
    assert first.test_loss == pytest.approx(-log_softmax(logits, axis=1)[range(50), data.validation_labels].mean())
    untrained = build(CONFIG, 64, 10).get_weights()
    assert all(v.tobytes() == w.tobytes() for v, w in zip(whole.snapshots[0].variables, untrained, strict=False))


@pytest.mark.every_backend
@pytest.mark.parametrize("epoch", range(EPOCHS + 1))
def test_a_record_describes_the_network_of_its_epoch_in_inference_mode(whole: Run, data: Dataset, epoch: int) -> None:
    record, signals = (
        whole.history[epoch],
        observed(network_after(whole.snapshots[epoch], 64), data.validation_images),
    )
    logits = signals["logits"].astype(float)
    assert record.test_error == np.mean(logits.argmax(axis=1) != data.validation_labels)
    assert record.test_loss == pytest.approx(-log_softmax(logits, axis=1)[range(50), data.validation_labels].mean())
    assert [pair.pair for pair in record.pairs] == ["first-merged", "first-last"]
    for pair, name in zip(record.pairs, ("merged", "hidden_3"), strict=True):
        without_noise = mutual_information(signals["hidden_1"], signals[name]).bits
        assert pair.mutual_information_bits == pytest.approx(without_noise, abs=0.2)  # the channel noise is small


@pytest.mark.every_backend
def test_an_epoch_is_one_step_of_the_optimizer_and_one_pass_in_training_mode(whole: Run, data: Dataset) -> None:
    """The optimizer counts its steps; a pass moves the first moving mean by 1 % towards that of the batch."""
    kernel = np.zeros(())
    mean = np.zeros(2 * CONFIG.width)
    for epoch, snapshot in enumerate(whole.snapshots):
        steps = [int(v) for v in snapshot.variables if v.shape == () and np.issubdtype(v.dtype, np.integer)]
        assert epoch in steps
        model = network_after(snapshot, 64)
        if epoch:
            mean = 0.99 * mean + 0.01 * (data.train_images @ kernel).mean(axis=0)
        found = keras.ops.convert_to_numpy(model.get_layer("batch_norm_1").moving_mean)
        np.testing.assert_allclose(found, mean, atol=1e-6)
        kernel = keras.ops.convert_to_numpy(model.get_layer("dense_1").kernel)


def test_a_step_is_that_of_rmsprop_on_the_whole_training_set(data: Dataset) -> None:
    """Two epochs of a network of two hidden layers, by hand: backpropagation, then Keras' RMSprop (rho 0.9)."""
    config = TrialConfig(width=2, depth=2, epochs=2, batch_norm=False, bias=False, learning_rate=0.01)
    result = run(config, data)
    a, b, c, bias = (weight.astype(float) for weight in build(config, 64, 10).get_weights())
    parameters, velocities = [a, b, c, bias], [0.0, 0.0, 0.0, 0.0]
    x, labels, n = data.train_images.astype(float), data.train_labels, len(data.train_labels)
    for record, snapshot in zip(result.history[1:], result.snapshots[1:], strict=True):
        a, b, c, bias = parameters
        h = np.tanh(x @ a)
        g = np.tanh(h @ b)
        log_odds = log_softmax(g @ c + bias, axis=1)
        assert record.train_loss == pytest.approx(-log_odds[range(n), labels].mean(), rel=1e-5)
        at_logits = (np.exp(log_odds) - np.eye(10)[labels]) / n
        at_g = (at_logits @ c.T) * (1 - g**2)
        at_h = (at_g @ b.T) * (1 - h**2)
        gradients = [x.T @ at_h, h.T @ at_g, g.T @ at_logits, at_logits.sum(axis=0)]
        velocities = [0.9 * v + 0.1 * gradient**2 for v, gradient in zip(velocities, gradients, strict=True)]
        parameters = [
            p - 0.01 * gradient / np.sqrt(v + 1e-7)
            for p, gradient, v in zip(parameters, gradients, velocities, strict=True)
        ]
        for value, expected in zip(snapshot.variables, parameters, strict=False):
            np.testing.assert_allclose(value, expected, atol=2e-5)


def test_training_lowers_the_loss(other: Run) -> None:
    losses = [record.train_loss for record in other.history[1:]]
    assert losses == sorted(losses, reverse=True)
    assert other.history[-1].test_loss < other.history[0].test_loss


def test_a_point_of_no_epochs_is_one_record_of_the_untrained_network(data: Dataset) -> None:
    config = OTHER.model_copy(update={"epochs": 0})
    training = Training(config, data)
    (record,) = training
    assert (record.epoch, record.train_loss) == (0, None)
    assert record.pairs[0].mi_null_bits is not None
    assert training.is_done
    assert not training.is_diverged
    assert list(training) == []


# measurement


def test_epochs_at_which_no_measurement_is_due_have_their_errors_and_no_bits(other: Run) -> None:
    for record in other.history:
        assert math.isfinite(record.test_error + record.test_loss)
        assert [pair.pair for pair in record.pairs] == ["first-merged"]
        assert (record.pairs[0].mutual_information_bits is not None) == (record.epoch in (0, 2, 4, 5))
        assert (record.pairs[0].mutual_information_balanced_bits is not None) == (record.epoch in (0, 2, 4, 5))


def test_credibility_is_recorded_at_the_first_and_the_last_epoch_only(whole: Run, other: Run) -> None:
    for result, last in ((whole, 2), (other, 5)):
        for record in result.history:
            for pair in record.pairs:
                trust = (pair.mi_ceiling_bits, pair.mi_null_bits, pair.mi_standard_error_bits)
                assert [value is not None for value in trust] == [record.epoch in (0, last)] * 3


def test_times_are_recorded(whole: Run) -> None:
    moments = [record.timestamp for record in whole.history]
    assert moments == sorted(moments)
    assert all(moment.tzinfo is not None for moment in moments)
    assert all(record.train_seconds > 0 for record in whole.history[1:])
    assert all(record.measure_seconds > 0 for record in whole.history)
    examined = [record.epoch for record in whole.history if record.credibility_seconds]
    assert examined == [0, whole.history[-1].epoch]


# the same bits


@pytest.mark.every_backend
@pytest.mark.parametrize(
    "interrupted_at", [pytest.param(0, marks=pytest.mark.slow), 1, pytest.param(EPOCHS, marks=pytest.mark.slow)]
)
def test_interrupted_and_continued_is_the_same_as_never_interrupted(
    whole: Run, data: Dataset, interrupted_at: int
) -> None:
    kept = whole.snapshots[interrupted_at].to_bytes()
    training = Training(CONFIG, data, Snapshot.from_bytes(kept, CONFIG))
    assert training.epoch == interrupted_at
    assert bits(training.snapshot()) == bits(whole.snapshots[interrupted_at])
    new = list(training)
    assert [record.epoch for record in new] == list(range(interrupted_at + 1, EPOCHS + 1))
    assert timeless(training.history) == timeless(whole.history)
    assert training.history[: interrupted_at + 1] == whole.history[: interrupted_at + 1]
    assert bits(training.snapshot()) == bits(whole.snapshots[-1])
    assert training.is_done


@pytest.mark.every_backend
def test_the_same_point_gives_the_same_bits_after_another_was_trained(whole: Run, other: Run, data: Dataset) -> None:
    """This time without snapshots, and looked at in two goes: neither changes anything."""
    training = Training(CONFIG, data)
    seen = list(islice(training, 1))
    seen += list(training)
    assert timeless(seen) == timeless(training.history) == timeless(whole.history)
    assert bits(training.snapshot()) == bits(whole.snapshots[-1])


@pytest.mark.every_backend
def test_a_network_that_was_used_before_gives_the_same_bits_as_a_new_one(whole: Run, data: Dataset) -> None:
    """After a training of another seed, length, initializer and noise, stopped half way; then after one that failed."""
    changes = {"seed": 9, "epochs": 7, "initializer": "orthogonal", "gain": 2.0, "channel_noise": 0.0}
    earlier = Training(CONFIG.model_copy(update=changes), data)
    list(islice(earlier, 4))
    kept = earlier.network
    for snapshot in (None, whole.snapshots[1]):
        training = Training(CONFIG, data, snapshot, earlier=kept)
        assert training.network is kept
        list(training)
        assert timeless(training.history) == timeless(whole.history)
        assert bits(training.snapshot()) == bits(whole.snapshots[-1])
        kept.assign([np.full_like(value, 7) for value in kept.values()])


@pytest.mark.parametrize("changed", [{"width": 4}, {"learning_rate": 0.01}, {"batch_norm_momentum": 0.5}, {"depth": 2}])
def test_a_network_is_not_used_for_a_point_that_needs_another(data: Dataset, changed: dict[str, float]) -> None:
    earlier = Training(CONFIG.model_copy(update=changed), data)
    assert Training(CONFIG, data, earlier=earlier.network).network is not earlier.network


def test_beside_a_network_that_cannot_be_used_the_bits_are_the_same(whole: Run, data: Dataset) -> None:
    earlier = Training(CONFIG.model_copy(update={"learning_rate": 0.01}), data)
    training = Training(CONFIG, data, earlier=earlier.network)
    list(training)
    assert timeless(training.history) == timeless(whole.history)


def test_a_snapshot_does_not_change_when_the_training_goes_on(whole: Run) -> None:
    states = [bits(snapshot) for snapshot in whole.snapshots]
    assert len({str(state) for state in states}) == EPOCHS + 1
    assert [snapshot.epoch for snapshot in whole.snapshots] == [0, 1, 2]
    assert [len(snapshot.history) for snapshot in whole.snapshots] == [1, 2, 3]


# divergence


@pytest.fixture(scope="module")
def diverged(data: Dataset) -> Training:
    config = TrialConfig(width=2, depth=2, epochs=20, optimizer="sgd", learning_rate=1e38, batch_norm=False)
    training = Training(config, data)
    for _ in training:
        pass
    return training


@pytest.mark.every_backend
def test_a_point_that_diverges_ends_with_its_epochs_so_far(diverged: Training) -> None:
    assert diverged.is_diverged
    assert diverged.is_done
    *before, last = diverged.history
    assert [record.epoch for record in diverged.history] == list(range(len(before) + 1))
    assert 1 <= len(before) < 20
    assert all(math.isfinite(r.test_loss) and math.isfinite(r.train_loss or 0) for r in before)
    assert not (math.isfinite(last.test_loss) and math.isfinite(last.train_loss or 0))
    assert 0 <= last.test_error <= 1
    assert list(diverged) == []


def test_a_diverged_point_is_still_diverged_when_restored(diverged: Training, data: Dataset) -> None:
    kept = diverged.snapshot().to_bytes()
    restored = Training(diverged.config, data, Snapshot.from_bytes(kept, diverged.config))
    assert restored.is_diverged
    assert list(restored) == []
    assert len(restored.history) == len(diverged.history)


def test_a_large_but_finite_loss_is_no_divergence(data: Dataset) -> None:
    config = TrialConfig(width=2, depth=2, epochs=2, optimizer="sgd", learning_rate=1e30, batch_norm=False)
    training = Training(config, data)
    assert [record.epoch for record in training] == [0, 1, 2]
    assert 1e20 < training.history[-1].test_loss < math.inf
    assert not training.is_diverged
