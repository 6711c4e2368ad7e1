"""Training as a generator of epoch records, resumable from a snapshot."""

import math
import time
from collections.abc import Iterator

import keras

from trainables import numeric_settings
from trainables.batches import batches
from trainables.config import TrialConfig
from trainables.datasets import Dataset
from trainables.networks import Network
from trainables.observation import Observation
from trainables.records import EpochRecord
from trainables.snapshots import Snapshot


class Training:
    """The training of one point (Hodas & Stinis 2018, section 2); iterate over it for its epoch records.

    Epoch 0 is the untrained network; every further epoch is one pass over the training set, as one gradient step on all
    of it or as one for each of its batches, in an order that is another one at every epoch. Then comes an evaluation of
    the whole validation set in inference mode, in which the probed activations are taken. The step is
    compiled by XLA: on CPU, with the same number of threads, equal points give equal bits, and so does a training
    continued from a `snapshot`, and one that takes over the network of an `earlier` training, which must have ended:
    where that network serves, nothing is built or compiled again.
    """

    def __init__(
        self,
        config: TrialConfig,
        data: Dataset,
        snapshot: Snapshot | None = None,
        threads: int = 1,
        earlier: Network | None = None,
    ) -> None:
        numeric_settings.fix_keras()
        keras.utils.set_random_seed(config.seed)
        self.config = config
        self.history: list[EpochRecord] = []
        self._observation = Observation(config, data, threads, earlier)
        self.network = self._observation.network
        if snapshot is not None:
            self._restore(snapshot)

    def __iter__(self) -> Iterator[EpochRecord]:
        if not self.history:
            yield self._record(0, None, 0.0)
        while not self.is_done:
            start = time.perf_counter()
            loss = self._pass_over_the_training_set(self.epoch + 1)
            yield self._record(self.epoch + 1, loss, time.perf_counter() - start)

    @property
    def epoch(self) -> int:
        """The last recorded epoch; -1 before the first record."""
        return self.history[-1].epoch if self.history else -1

    @property
    def is_diverged(self) -> bool:
        """Whether the loss is no longer finite: the training ends there, and that is a result."""
        return bool(self.history) and not all(
            math.isfinite(loss) for loss in (self.history[-1].test_loss, self.history[-1].train_loss or 0.0)
        )

    @property
    def is_done(self) -> bool:
        """Whether there are no more records to come."""
        return self.is_diverged or self.epoch >= self.config.epochs

    def snapshot(self) -> Snapshot:
        """The state after the last record."""
        return Snapshot(self.config, tuple(self.history), self.network.values())

    def _pass_over_the_training_set(self, epoch: int) -> float:
        """The mean loss of the training images, each at the step that it is part of."""
        step, images, labels = self.network.trained.train_on_batch, self.network.train_images, self.network.train_labels
        if self.config.batch_size == "all":
            return float(step(images, labels))
        losses = [
            len(rows) * float(step(keras.ops.take(images, rows, axis=0), keras.ops.take(labels, rows, axis=0)))
            for rows in batches(len(images), self.config.batch_size, self.config.seed, epoch)
        ]
        return sum(losses) / len(images)

    def _restore(self, snapshot: Snapshot) -> None:
        self.network.assign(snapshot.variables)
        self.history = list(snapshot.history)

    def _record(self, epoch: int, train_loss: float | None, train_seconds: float) -> EpochRecord:
        record = self._observation.record(epoch, train_loss, train_seconds)
        self.history.append(record)
        return record
