"""What a training leaves: its records and its snapshots, to be compared with others and with its network."""

import dataclasses
from datetime import UTC, datetime

import keras
import numpy as np

from trainables.architectures import build
from trainables.config import TrialConfig
from trainables.datasets import Dataset, load
from trainables.records import EpochRecord
from trainables.snapshots import Snapshot
from trainables.training import Training


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


def run(config: TrialConfig, data: Dataset, snapshot: Snapshot | None = None) -> Run:
    training, snapshots = Training(config, data, snapshot), []
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
