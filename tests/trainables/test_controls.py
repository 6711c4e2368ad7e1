"""Controls: a network that never learns, and one that is looked at without the lag of its moving averages."""

from itertools import pairwise

import keras
import numpy as np
import pytest

from tests.trained import Run, begin, bits, few_digits, network_after, observed, run, timeless
from trainables.config import TrialConfig
from trainables.datasets import Dataset
from trainables.training import Training

EPOCHS = 4
CONFIG = TrialConfig(architecture="shortcut", width=4, depth=2, seed=3, epochs=EPOCHS, learning_rate=0.05)
OPTIMIZERS = ("rmsprop", "sgd", "adam")


@pytest.fixture(scope="module")
def data() -> Dataset:
    return few_digits()


@pytest.fixture(scope="module")
def frozen(data: Dataset) -> Run:
    return run(CONFIG.model_copy(update={"frozen": True}), data)


@pytest.fixture(scope="module")
def trained(data: Dataset) -> Run:
    return run(CONFIG, data)


@pytest.fixture(scope="module")
def recalibrated(data: Dataset) -> Run:
    return run(CONFIG.model_copy(update={"batch_norm_statistics": "recalibrated"}), data)


def kernels_and_averages(run: Run) -> tuple[list[list[bytes]], list[list[bytes]]]:
    """At each epoch the trainable variables, and the moving averages."""
    model = network_after(run.snapshots[0], 64)
    trainable = {id(variable) for variable in model.trainable_variables}
    is_trainable = [id(variable) in trainable for variable in model.variables]
    values = [[value.tobytes() for value in snapshot.variables] for snapshot in run.snapshots]

    def chosen(wanted: bool) -> list[list[bytes]]:
        return [[one for one, is_one in zip(of, is_trainable, strict=False) if is_one is wanted] for of in values]

    return chosen(True), chosen(False)


@pytest.mark.every_backend
@pytest.mark.parametrize(
    "optimizer", [pytest.param(one, marks=[] if one == "rmsprop" else pytest.mark.slow) for one in OPTIMIZERS]
)
def test_nothing_trainable_of_a_frozen_network_ever_changes_and_its_averages_do(data: Dataset, optimizer: str) -> None:
    weights, averages = kernels_and_averages(
        run(CONFIG.model_copy(update={"frozen": True, "optimizer": optimizer}), data)
    )
    assert all(one == weights[0] for one in weights)
    assert all(one != other for one, other in pairwise(averages))


def test_a_frozen_network_begins_as_its_twin_and_takes_the_same_first_loss(frozen: Run, trained: Run) -> None:
    assert timeless(frozen.history[:1]) == timeless(trained.history[:1])
    assert frozen.history[1].train_loss == trained.history[1].train_loss
    assert len({record.train_loss for record in frozen.history[1:]}) == 1
    assert len({record.train_loss for record in trained.history[1:]}) == EPOCHS


def test_a_frozen_network_without_batch_norm_stays_what_it_was(data: Dataset) -> None:
    without = run(CONFIG.model_copy(update={"frozen": True, "batch_norm": False}), data)
    assert len({(record.test_error, record.test_loss) for record in without.history}) == 1


@pytest.mark.every_backend
def test_a_frozen_network_that_is_recalibrated_gives_the_same_at_every_epoch(data: Dataset) -> None:
    both = run(CONFIG.model_copy(update={"frozen": True, "batch_norm_statistics": "recalibrated"}), data)
    assert len({(record.test_error, record.test_loss) for record in both.history}) == 1


@pytest.mark.every_backend
def test_recalibration_leaves_the_training_and_its_averages_as_they_were(recalibrated: Run, trained: Run) -> None:
    assert [bits(one) for one in recalibrated.snapshots] == [bits(one) for one in trained.snapshots]
    assert [one.train_loss for one in recalibrated.history] == [one.train_loss for one in trained.history]
    assert all(
        one.test_loss != other.test_loss for one, other in zip(recalibrated.history, trained.history, strict=True)
    )


@pytest.mark.every_backend
def test_a_recalibrated_network_normalizes_by_the_statistics_of_the_whole_training_set(
    recalibrated: Run, data: Dataset
) -> None:
    for snapshot, record in zip(recalibrated.snapshots, recalibrated.history, strict=True):
        model = network_after(snapshot, 64)
        signal = data.train_images
        for number in range(1, CONFIG.depth + 1):
            before = keras.ops.convert_to_numpy(model.get_layer(f"dense_{number}")(signal)).astype(np.float64)
            layer = model.get_layer(f"batch_norm_{number}")
            layer.moving_mean.assign(before.mean(axis=0))
            layer.moving_variance.assign(before.var(axis=0))
            signal = np.tanh(keras.ops.convert_to_numpy(layer(before.astype(np.float32), training=False)))
        logits = observed(model, data.validation_images)["logits"].astype(np.float64)
        wrong = logits.argmax(axis=1) != data.validation_labels
        assert record.test_error == pytest.approx(wrong.mean(), abs=0.021)  # an image may lie on the border
        shifted = np.exp(logits - logits.max(axis=1, keepdims=True))
        share = shifted[np.arange(len(logits)), data.validation_labels] / shifted.sum(axis=1)
        assert record.test_loss == pytest.approx(-np.log(share).mean(), rel=1e-4)


@pytest.mark.parametrize("change", [{"frozen": True}, {"batch_norm_statistics": "recalibrated"}], ids=str)
def test_a_control_that_is_interrupted_goes_on_to_the_same_bits(data: Dataset, change: dict) -> None:
    config = CONFIG.model_copy(update=change)
    whole = run(config, data)
    resumed = run(config, data, whole.snapshots[1])
    assert timeless(resumed.history) == timeless(whole.history)
    assert bits(resumed.snapshots[-1]) == bits(whole.snapshots[-1])


def test_a_network_of_the_same_shape_used_before_does_not_carry_its_controls_over(data: Dataset, trained: Run) -> None:
    earlier = begin(CONFIG.model_copy(update={"frozen": True}), data)
    list(earlier)
    after = Training(CONFIG, data, earlier=earlier.network)
    list(after)
    assert timeless(after.history) == timeless(trained.history)


def test_controls_are_part_of_an_id_and_their_defaults_of_none() -> None:
    plain = TrialConfig()
    assert (
        plain.point_id == TrialConfig(frozen=False, batch_norm_statistics="moving").point_id == "mlp-w50-d5-s0-061e896d"
    )
    assert "frozen" not in plain.canonical()
    frozen = TrialConfig(frozen=True)
    assert frozen.name == "mlp-w50-d5-s0-frozen"
    assert len({plain.point_id, frozen.point_id, TrialConfig(batch_norm_statistics="recalibrated").point_id}) == 3


def test_statistics_of_a_network_without_batch_norm_are_refused() -> None:
    with pytest.raises(ValueError, match="batch_norm_statistics is recalibrated, but batch_norm is false"):
        TrialConfig(batch_norm=False, batch_norm_statistics="recalibrated")
