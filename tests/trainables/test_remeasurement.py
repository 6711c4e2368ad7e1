"""States that were kept, measured as another config asks, give the records of a training that measured so."""

from dataclasses import replace

import numpy as np
import pytest

from tests.trained import begin, begin_measuring, few_digits, timeless
from trainables.config import TrialConfig
from trainables.datasets import Dataset
from trainables.format.sealed import DamagedObject
from trainables.kept_states import KeptState, epochs_kept, is_kept, needed
from trainables.records import EpochRecord
from trainables.remeasurement import Remeasurement

EPOCHS = 5
PLAIN = {"architecture": "shortcut", "width": 3, "depth": 2, "seed": 3, "epochs": EPOCHS, "learning_rate": 0.05}
KEPT = {"every": "log"}
OTHER = {"every": "log", "neighbors": 5, "pairs": ("successive", "input-each", "each-label")}
DIVERGING = {"learning_rate": 1e38, "batch_norm": False, "optimizer": "sgd", "epochs": 9}


@pytest.fixture(scope="module")
def data() -> Dataset:
    return few_digits()


TRAINED: dict[tuple[str, int], tuple[list[EpochRecord], dict[int, KeptState]]] = {}


def trained(config: TrialConfig, data: Dataset) -> tuple[list[EpochRecord], dict[int, KeptState]]:
    """The records of a training, and its states at 0, 1, 2, 4, ... and the last epoch, through bytes and back."""
    key = config.point_id, id(data)
    if key not in TRAINED:
        TRAINED[key] = _trained(config, data)
    return TRAINED[key]


def _trained(config: TrialConfig, data: Dataset) -> tuple[list[EpochRecord], dict[int, KeptState]]:
    training, states = begin(config, data), {}
    for record in training:
        if is_kept("log", record.epoch, training.is_done):
            end = ("diverged" if training.is_diverged else "finished") if training.is_done else None
            state = KeptState.of(config, training.history, training.network.state(), end, {"training": "a"})
            states[record.epoch] = KeptState.from_bytes(state.to_bytes(), config)
    return training.history, states


def measured(config: TrialConfig, data: Dataset, states: dict[int, KeptState], last: int) -> list[EpochRecord]:
    work = begin_measuring(config, data, states.__getitem__, states[last])
    assert list(work) == work.history
    return work.history


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"batch_norm": False, "channel_noise": 0.1},
        pytest.param({"frozen": True}, marks=pytest.mark.slow),
        pytest.param({"batch_norm_statistics": "recalibrated"}, marks=pytest.mark.slow),
    ],
    ids=str,
)
def test_the_records_are_those_of_a_training_bit_for_bit(data: Dataset, changes: dict) -> None:
    states = trained(TrialConfig(**PLAIN | changes, measure=KEPT), data)[1]
    asked = OTHER if not changes else OTHER | {"pairs": ("successive",)}  # Jacobians take seconds to compile
    config = TrialConfig(**PLAIN | changes, measure=asked)
    assert timeless(measured(config, data, states, EPOCHS)) == timeless(trained(config, data)[0])


def test_a_shorter_training_is_measured_from_the_states_of_a_longer_one(data: Dataset) -> None:
    states = trained(TrialConfig(**PLAIN, measure=KEPT), data)[1]
    config = TrialConfig(**PLAIN | {"epochs": 4}, measure=OTHER | {"pairs": ("successive",)})
    assert timeless(measured(config, data, states, 4)) == timeless(trained(config, data)[0])


@pytest.mark.filterwarnings("ignore:invalid value encountered:RuntimeWarning")
def test_a_training_that_diverged_is_measured_to_its_end(data: Dataset) -> None:
    history, states = trained(TrialConfig(**PLAIN | DIVERGING, measure=KEPT), data)
    last = history[-1].epoch
    assert 0 < last < 9
    config = TrialConfig(**PLAIN | DIVERGING, measure=OTHER)
    again = measured(config, data, states, last)
    assert len(again) == len(history)
    assert repr(timeless(again)) == repr(timeless(trained(config, data)[0]))  # nan equals nan in words
    assert Remeasurement(config, data, states.__getitem__, states[last]).is_diverged


def test_a_network_used_before_for_another_training_measures_the_same(data: Dataset) -> None:
    states = trained(TrialConfig(**PLAIN, measure=KEPT), data)[1]
    config = TrialConfig(**PLAIN, measure=OTHER)
    expected = timeless(trained(config, data)[0])
    earlier = begin(config.model_copy(update={"seed": 9}), data)
    list(earlier)
    work = Remeasurement(config, data, states.__getitem__, states[EPOCHS], earlier=earlier.network)
    assert work.network is earlier.network
    assert timeless(list(work)) == expected


def test_which_states_are_kept() -> None:
    assert epochs_kept("none", 10) == []
    assert epochs_kept("last", 10) == [0, 10]
    assert epochs_kept("log", 10) == [0, 1, 2, 4, 8, 10]
    assert epochs_kept("log", 0) == [0]


@pytest.mark.parametrize(
    ("measure", "epochs", "kept", "expected"),
    [
        ({"every": "log"}, 10, [0, 1, 2, 4, 8, 10], [0, 1, 2, 4, 8, 10]),
        ({"every": 10}, 10, [0, 1, 2, 4, 8, 10], [0, 10]),
        ({"every": 5}, 10, [0, 1, 2, 4, 8, 10], None),
        ({"every": "log"}, 8, [0, 1, 2, 4, 8, 10], [0, 1, 2, 4, 8]),
        ({"every": "log"}, 7, [0, 1, 2, 4, 8, 10], None),
        ({"every": "log"}, 16, [0, 1, 2, 4, 8, 10], None),
        ({"every": 100}, 10, [10], None),
        ({"every": 1}, 0, [0], [0]),
    ],
)
def test_which_states_a_measurement_needs(measure: dict, epochs: int, kept: list[int], expected: object) -> None:
    assert needed(TrialConfig(epochs=epochs, measure=measure), kept) == expected


def test_a_training_that_diverged_needs_the_states_up_to_its_end() -> None:
    config = TrialConfig(epochs=100, measure={"every": "log"})
    assert needed(config, [0, 1, 2, 3], diverged_at=3) == [0, 1, 2, 3]
    assert needed(config, [0, 1, 3], diverged_at=3) is None


def test_what_is_measured_and_how_long_is_no_part_of_a_training() -> None:
    one, other = TrialConfig(**PLAIN, measure=KEPT), TrialConfig(**PLAIN | {"epochs": 7, "channel_noise": 1.0})
    assert one.training_id == other.training_id
    assert one.point_id != other.point_id
    assert one.training_id.startswith("shortcut-w3-d2-s3-")
    for change in ({"seed": 4}, {"frozen": True}, {"learning_rate": 0.1}, {"batch_norm_statistics": "recalibrated"}):
        assert TrialConfig(**PLAIN | change).training_id != one.training_id
    assert one.model_copy(update={"seed": 4}).training_id == TrialConfig(**PLAIN | {"seed": 4}).training_id


def state(config: TrialConfig, data: Dataset) -> KeptState:
    return trained(config.model_copy(update={"epochs": 1}), data)[1][1]


def test_a_state_of_another_training_or_with_an_altered_byte_is_damage(data: Dataset) -> None:
    config = TrialConfig(**PLAIN, measure=KEPT)
    kept = state(config, data)
    content = kept.to_bytes()
    assert kept.to_bytes() == content
    with pytest.raises(DamagedObject, match="another training"):
        KeptState.from_bytes(content, config.model_copy(update={"seed": 4}))
    for place in np.random.default_rng(0).integers(0, len(content), 60):
        altered = bytearray(content)
        altered[place] ^= 1
        with pytest.raises(DamagedObject):
            KeptState.from_bytes(bytes(altered), config)


def test_a_state_whose_history_ends_elsewhere_is_damage(data: Dataset) -> None:
    config = TrialConfig(**PLAIN, measure=KEPT)
    kept = state(config, data)

    class Lying(KeptState):
        epoch = 7

    content = Lying(**vars(replace(kept))).to_bytes()
    with pytest.raises(DamagedObject, match="ends elsewhere"):
        KeptState.from_bytes(content, config)
