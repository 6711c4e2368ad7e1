"""What is recorded of a network at one epoch: its test error, its losses and what is measured of its layers."""

import time
from typing import Any

import keras
import numpy as np
from scipy.special import logsumexp

from trainables import probes
from trainables.config import TrialConfig
from trainables.datasets import Dataset
from trainables.information.device import is_on_accelerator
from trainables.measurement import MoreMeasures, Probe, of_gradients, of_jacobians
from trainables.networks import Network, network
from trainables.records import EpochRecord, now


class Observation:
    """The network of a config, and the records of the states that its variables are given.

    A record is that of an evaluation of the whole validation set in inference mode, in which the probed activations are
    taken. It depends on the state, the config and the epoch alone, so that a state that was kept gives the same record.
    """

    def __init__(self, config: TrialConfig, data: Dataset, threads: int, earlier: Network | None = None) -> None:
        self._config = config
        self._labels = data.validation_labels
        self._pixels = data.validation_images
        self._probe = Probe(config, probes.pairs(config), threads)
        self._more = MoreMeasures(config, self._probe.pairs, threads)
        self.network = network(config, data, self._probe.outputs, earlier)

    def record(self, epoch: int, train_loss: float | None, train_seconds: float) -> EpochRecord:
        """The record of the present state; the loss and the seconds are those of the step that led to it."""
        with self.network.for_evaluation():
            return self._record(epoch, train_loss, train_seconds)

    def _record(self, epoch: int, train_loss: float | None, train_seconds: float) -> EpochRecord:
        start = time.perf_counter()
        activations = self._activations()
        logits = keras.ops.convert_to_numpy(activations["logits"]).astype(np.float64)
        test_loss = float(np.mean(logsumexp(logits, axis=1) - logits[np.arange(len(logits)), self._labels]))
        correct = (logits.argmax(axis=1) == self._labels) & np.isfinite(logits).all(axis=1)
        signals = activations | {"input": self._pixels, "label": self._labels}
        is_due = self._config.measure.is_due(epoch, self._config.epochs)
        pairs = self._probe.measure(signals, epoch) if is_due else self._probe.unmeasured()
        measures = self._more.measure(signals, epoch, self.network.noisy_paths) if is_due else ()
        if is_due and self.network.gradient_noise:
            measures += of_gradients(self.network.gradient_noise.moments(self._config.seed, epoch + 1))
        measured = time.perf_counter()
        is_examined = is_due and epoch in (0, self._config.epochs)
        if is_examined:
            examined = self._probe.examine(signals, epoch, pairs)
            pairs = self.network.isometry.added_to(examined, self._probe.pairs)
            if "geometry" in self._config.measure.measures:
                measures += of_jacobians(self.network.isometry.singular_values())
        return EpochRecord(
            epoch=epoch,
            test_error=float(np.mean(~correct)),
            test_loss=test_loss,
            train_loss=train_loss,
            train_seconds=train_seconds,
            measure_seconds=measured - start,
            credibility_seconds=time.perf_counter() - measured if is_examined else None,
            timestamp=now(),
            pairs=pairs,
            measures=measures,
        )

    def _activations(self) -> dict[str, Any]:
        """The observed outputs on the validation images; arrays of the accelerator where there is one, else numpy's."""
        images = self.network.validation_images
        if is_on_accelerator(images):
            return dict(self.network.observed_on_device(images))
        return dict(self.network.observed.predict_on_batch(images))
