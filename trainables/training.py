"""Full-batch training as a generator of epoch records, resumable from a snapshot."""

import math
import time
from collections.abc import Iterator
from typing import Any

import keras
import numpy as np
from scipy.special import logsumexp

from trainables import numeric_settings, probes
from trainables.config import TrialConfig
from trainables.datasets import Dataset
from trainables.information.device import is_on_accelerator
from trainables.measurement import Probe
from trainables.networks import Network, network
from trainables.records import EpochRecord, now
from trainables.snapshots import Snapshot


class Training:
    """The training of one point (Hodas & Stinis 2018, section 2); iterate over it for its epoch records.

    Epoch 0 is the untrained network; every further epoch is one gradient step on the whole training set, then an
    evaluation of the whole validation set in inference mode, in which the probed activations are taken. The step is
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
        self._labels = data.validation_labels
        self._pixels = data.validation_images
        self._probe = Probe(config, probes.pairs(config), threads)
        self.network = network(config, data, self._probe.outputs, earlier)
        if snapshot is not None:
            self._restore(snapshot)

    def __iter__(self) -> Iterator[EpochRecord]:
        if not self.history:
            yield self._record(0, None, 0.0)
        while not self.is_done:
            start = time.perf_counter()
            loss = float(self.network.trained.train_on_batch(self.network.train_images, self.network.train_labels))
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

    def _restore(self, snapshot: Snapshot) -> None:
        self.network.assign(snapshot.variables)
        self.history = list(snapshot.history)

    def _observe(self) -> dict[str, Any]:
        """The observed outputs on the validation images; arrays of the accelerator where there is one, else numpy's."""
        images = self.network.validation_images
        if is_on_accelerator(images):
            return dict(self.network.observed_on_device(images))
        return dict(self.network.observed.predict_on_batch(images))

    def _record(self, epoch: int, train_loss: float | None, train_seconds: float) -> EpochRecord:
        start = time.perf_counter()
        activations = self._observe()
        logits = keras.ops.convert_to_numpy(activations["logits"]).astype(np.float64)
        test_loss = float(np.mean(logsumexp(logits, axis=1) - logits[np.arange(len(logits)), self._labels]))
        correct = (logits.argmax(axis=1) == self._labels) & np.isfinite(logits).all(axis=1)
        signals = activations | {"input": self._pixels, "label": self._labels}
        is_due = self.config.measure.is_due(epoch, self.config.epochs)
        pairs = self._probe.measure(signals, epoch) if is_due else self._probe.unmeasured()
        measured = time.perf_counter()
        is_examined = is_due and epoch in (0, self.config.epochs)
        if is_examined:
            examined = self._probe.examine(signals, epoch, pairs)
            pairs = self.network.isometry.added_to(examined, self._probe.pairs)
        record = EpochRecord(
            epoch=epoch,
            test_error=float(np.mean(~correct)),
            test_loss=test_loss,
            train_loss=train_loss,
            train_seconds=train_seconds,
            measure_seconds=measured - start,
            credibility_seconds=time.perf_counter() - measured if is_examined else None,
            timestamp=now(),
            pairs=pairs,
        )
        self.history.append(record)
        return record
