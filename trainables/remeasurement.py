"""A training whose states were kept, measured as another config asks: an iterator of its records, without training."""

from collections.abc import Callable, Iterator
from dataclasses import replace

from trainables import numeric_settings
from trainables.config import TrialConfig
from trainables.datasets import Dataset
from trainables.kept_states import KeptState
from trainables.measurement import Probe
from trainables.networks import Network
from trainables.observation import Observation
from trainables.probes import pairs
from trainables.records import EpochRecord


class Remeasurement:
    """The records that the training of a config would give, bit for bit but for clocks; iterate over it for them.

    state: gives the state kept after an epoch, of those at which the config measures. last: the state after the last
    epoch, whose history has the test errors and losses of all.
    """

    def __init__(
        self,
        config: TrialConfig,
        data: Dataset,
        state: Callable[[int], KeptState],
        last: KeptState,
        threads: int = 1,
        earlier: Network | None = None,
    ) -> None:
        numeric_settings.fix_keras()
        self.history: list[EpochRecord] = []
        self.is_diverged = last.outcome == "diverged" and last.epoch <= config.epochs
        self._config, self._state, self._recorded = config, state, last.history
        self._observation = Observation(config, data, threads, earlier)
        self._unmeasured = Probe(config, pairs(config), threads).unmeasured()
        self.network = self._observation.network

    def __iter__(self) -> Iterator[EpochRecord]:
        for recorded in self._recorded:
            if self._config.measure.is_due(recorded.epoch, self._config.epochs):
                self.network.assign_state(self._state(recorded.epoch).variables)
                record = self._observation.record(recorded.epoch, recorded.train_loss, recorded.train_seconds)
            else:
                record = replace(recorded, pairs=self._unmeasured, measures=())
            self.history.append(record)
            yield record
