"""Full-batch training as a generator of epoch records, resumable from a snapshot."""

import math
import time
from collections.abc import Iterator
from typing import Any

import keras
import numpy as np
from scipy.special import logsumexp

from trainables import probes
from trainables.architectures import WITH_SHORTCUT, build
from trainables.config import TrialConfig
from trainables.datasets import Dataset
from trainables.information.backend import inference, is_on_accelerator
from trainables.measurement import Probe
from trainables.records import EpochRecord, now
from trainables.snapshots import Snapshot

OPTIMIZERS: dict[str, type[keras.optimizers.Optimizer]] = {
    "rmsprop": keras.optimizers.RMSprop,
    "sgd": keras.optimizers.SGD,
    "adam": keras.optimizers.Adam,
}


class Training:
    """The training of one point (Hodas & Stinis 2018, section 2); iterate over it for its epoch records.

    Epoch 0 is the untrained network; every further epoch is one gradient step on the whole training set, then an
    evaluation of the whole validation set in inference mode, in which the probed activations are taken. The step is
    compiled by XLA: on CPU, with the same number of threads, equal points give equal bits, and so does a training
    continued from a `snapshot`.
    """

    def __init__(self, config: TrialConfig, data: Dataset, snapshot: Snapshot | None = None, threads: int = 1) -> None:
        keras.utils.set_random_seed(config.seed)
        self.config = config
        self.history: list[EpochRecord] = []
        self._labels = data.validation_labels
        self._pixels = data.validation_images
        self._probe = Probe(config, probes.pairs(config, config.architecture in WITH_SHORTCUT), threads)
        network = build(config, data.train_images.shape[1], data.classes)
        self._trained = keras.Model(network.input, network.output["logits"])
        self._trained.compile(
            optimizer=OPTIMIZERS[config.optimizer](config.learning_rate),
            loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
            jit_compile=True,
        )
        self._trained.optimizer.build(self._trained.trainable_variables)
        self._observed = keras.Model(
            network.input, {name: network.output[name] for name in sorted({"logits", *self._probe.outputs})}
        )
        self._observed.compile(jit_compile=True)
        self._observed_on_device = inference(self._observed)
        self._train_images = keras.ops.convert_to_tensor(data.train_images)
        self._train_labels = keras.ops.convert_to_tensor(data.train_labels)
        self._validation_images = keras.ops.convert_to_tensor(data.validation_images)
        if snapshot is not None:
            self._restore(snapshot)

    def __iter__(self) -> Iterator[EpochRecord]:
        if not self.history:
            yield self._record(0, None, 0.0)
        while not self.is_done:
            start = time.perf_counter()
            loss = float(self._trained.train_on_batch(self._train_images, self._train_labels))
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
        return Snapshot(
            self.config,
            tuple(self.history),
            tuple(np.array(keras.ops.convert_to_numpy(variable)) for variable in self._variables),
        )

    @property
    def _variables(self) -> list[keras.Variable]:
        return [*self._trained.variables, *self._trained.optimizer.variables]

    def _restore(self, snapshot: Snapshot) -> None:
        for variable, value in zip(self._variables, snapshot.variables, strict=True):
            variable.assign(value)
        self.history = list(snapshot.history)

    def _observe(self) -> dict[str, Any]:
        """The observed outputs on the validation images; arrays of the accelerator where there is one, else numpy's."""
        if is_on_accelerator(self._validation_images):
            return dict(self._observed_on_device(self._validation_images))
        return dict(self._observed.predict_on_batch(self._validation_images))

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
            pairs = self._probe.examine(signals, epoch, pairs)
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
