"""What a training leaves: its records and its snapshots, to be compared with others and with its network."""

import dataclasses
from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache

import keras
import numpy as np

from trainables.architectures import build
from trainables.config import TrialConfig
from trainables.datasets import Dataset, load
from trainables.kept_states import KeptState
from trainables.networks import Network
from trainables.records import EpochRecord
from trainables.remeasurement import Remeasurement
from trainables.snapshots import Snapshot
from trainables.training import Training


@cache
def few_digits(validation: int = 50) -> Dataset:
    """A hundred training images of the digits, and so many validation images."""
    digits = load("digits")
    return dataclasses.replace(
        digits,
        train_images=digits.train_images[:100],
        train_labels=digits.train_labels[:100],
        validation_images=digits.validation_images[:validation],
        validation_labels=digits.validation_labels[:validation],
    )


@dataclasses.dataclass
class Run:
    """What a training left: its records, and its state after each."""

    history: list[EpochRecord]
    snapshots: list[Snapshot]


_NETWORKS: list[Network] = []
"""The compiled networks of trainings of this process: compiling takes ten times as long as a training of few epochs."""


def begin(config: TrialConfig, data: Dataset, snapshot: Snapshot | None = None) -> Training:
    """A training on a network compiled before, where one serves: the bits of a new one, by tests of its own.

    No earlier training on that network can go on after this one has begun.
    """
    training = Training(config, data, snapshot, earlier=_compiled_before(config, data))
    _remember(training.network)
    return training


def begin_measuring(
    config: TrialConfig, data: Dataset, read: Callable[[int], KeptState], last: KeptState
) -> Remeasurement:
    """A measurement of kept states on a network compiled before, where one serves."""
    measurement = Remeasurement(config, data, read, last, earlier=_compiled_before(config, data))
    _remember(measurement.network)
    return measurement


def _remember(network: Network) -> None:
    if network not in _NETWORKS:
        _NETWORKS.append(network)


def _compiled_before(config: TrialConfig, data: Dataset) -> Network | None:
    return next((one for one in _NETWORKS if one.serves(config, data)), None)


def run(config: TrialConfig, data: Dataset, snapshot: Snapshot | None = None) -> Run:
    training, snapshots = begin(config, data, snapshot), []
    for _ in training:
        snapshots.append(training.snapshot())
    return Run(training.history, snapshots)


def timeless(history: list[EpochRecord] | tuple[EpochRecord, ...]) -> list[EpochRecord]:
    """The records without what a clock said."""
    moment = datetime(2026, 1, 1, tzinfo=UTC)
    clocks = {"train_seconds": 0.0, "measure_seconds": 0.0, "credibility_seconds": None, "timestamp": moment}
    return [
        dataclasses.replace(r, **clocks, measures=tuple(dataclasses.replace(m, seconds=None) for m in r.measures))
        for r in history
    ]


def bits(snapshot: Snapshot) -> list[tuple[str, tuple[int, ...], bytes]]:
    return [(str(value.dtype), value.shape, value.tobytes()) for value in snapshot.variables]


def network_after(snapshot: Snapshot, pixels: int) -> keras.Model:
    """The network with the weights and moving statistics of the snapshot."""
    model = build(snapshot.config, pixels, 10)
    for variable, value in zip(model.variables, snapshot.variables, strict=False):
        assert tuple(variable.shape) == value.shape
        variable.assign(value)
    return model


def observed(model: keras.Model, images: np.ndarray) -> dict[str, np.ndarray]:
    return {name: keras.ops.convert_to_numpy(value) for name, value in model(images, training=False).items()}
