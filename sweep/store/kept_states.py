"""The states of networks that a store keeps, by training: points that differ in what is measured share them."""

from collections.abc import Mapping

from sweep.errors import OtherRecordVersion
from sweep.storage import below
from sweep.store import layout
from sweep.store.store import Store
from trainables.config import TrialConfig
from trainables.format.sealed import DamagedObject
from trainables.format.versions import OtherVersion
from trainables.kept_states import KeptState, needed


class KeptStates:
    """The kept states in a store. Reading never writes."""

    def __init__(self, store: Store) -> None:
        self._objects, self._root = store.objects, store.root

    def epochs(self, config: TrialConfig) -> list[int]:
        """The epochs of the training of this config whose states are kept, ascending."""
        names = self._objects.names(layout.training(config.training_id))
        return sorted(epoch for epoch in map(layout.state_epoch, names) if epoch is not None)

    def keep(self, config: TrialConfig, state: KeptState) -> None:
        """Keep a state, unless an intact one of the same training and epoch is kept already."""
        name = layout.state(config.training_id, state.epoch)
        if not self._objects.create(name, data := state.to_bytes()) and self.read(config, state.epoch) is None:
            self._objects.write(name, data)

    def read(self, config: TrialConfig, epoch: int) -> KeptState | None:
        """The state of the training of this config after that epoch; None where no intact one is kept.

        Raises:
            OtherRecordVersion: for one of a newer version.
        """
        name = layout.state(config.training_id, epoch)
        data = self._objects.read(name)
        try:
            return KeptState.from_bytes(data, config) if data is not None else None
        except DamagedObject:
            return None
        except OtherVersion as error:
            raise OtherRecordVersion.of(f"{below(self._root, name)}: {error}") from error

    def needed(self, config: TrialConfig) -> list[int] | None:
        """The epochs at which this config measures, if their states are kept; None if it has to be trained."""
        kept = self.epochs(config)
        if not kept or config.epochs in kept or kept[-1] > config.epochs:
            return needed(config, kept)
        last = self.read(config, kept[-1])
        return needed(config, kept, kept[-1]) if last and last.outcome == "diverged" else None

    def measurable(self, points: Mapping[str, TrialConfig]) -> set[str]:
        """Which of these points, by id, can be measured from kept states, without training."""
        trainings = set(self._objects.names(layout.TRAININGS))
        return {
            name for name, point in points.items() if point.training_id in trainings and self.needed(point) is not None
        }
