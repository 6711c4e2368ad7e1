"""The states of networks that a store keeps, by training: points that differ in what is measured share them."""

import contextlib
from collections.abc import Mapping

from sweep.errors import OtherRecordVersion
from sweep.storage import below
from sweep.store import layout
from sweep.store.store import Store
from trainables.config import TrialConfig
from trainables.format.sealed import DamagedObject
from trainables.format.versions import OtherVersion
from trainables.identity.components import all_equal, of_training
from trainables.kept_states import KeptState, needed


class StateUnusable(Exception):
    """A state that is kept is damaged, gone, of another version or of other code."""


class KeptStates:
    """The kept states in a store. Reading never writes."""

    def __init__(self, store: Store) -> None:
        self._objects, self._root = store.objects, store.root

    def epochs(self, config: TrialConfig) -> list[int]:
        """The epochs of the training of this config whose states are kept, ascending."""
        names = self._objects.names(layout.training(config.training_id))
        return sorted(epoch for epoch in map(layout.state_epoch, names) if epoch is not None)

    def keep(self, config: TrialConfig, state: KeptState) -> bool:
        """Keep a state, unless an intact one of the same training, epoch and code is kept already.

        False where one of a newer version stands in its place, which is left alone.
        """
        name = layout.state(config.training_id, state.epoch)
        if self._objects.create(name, data := state.to_bytes()):
            return True
        try:
            found = self.read(config, state.epoch)
        except OtherRecordVersion:
            return False
        if found is None or not all_equal(found.components, state.components):
            self._objects.write(name, data)
        return True

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
        """The epochs at which this config measures, if states of all of them are kept; None if it has to be trained."""
        kept = self.epochs(config)
        if not kept or config.epochs in kept or kept[-1] > config.epochs:
            return needed(config, kept)
        try:
            last = self.read(config, kept[-1])
        except OtherRecordVersion:
            return None
        return needed(config, kept, kept[-1]) if last and last.outcome == "diverged" else None

    def usable(self, config: TrialConfig, identities: Mapping[str, str]) -> list[int] | None:
        """The same, if the last of these states is intact and of code that gives equal numbers; reads no other.

        identities: those of the code of now.

        Raises:
            StateUnusable: says why states that are kept cannot be used.
        """
        if not (epochs := self.needed(config)):
            return None
        self.require(config, epochs[-1], identities)
        return epochs

    def require(self, config: TrialConfig, epoch: int, identities: Mapping[str, str]) -> KeptState:
        """The state after that epoch; raises as `usable`."""
        try:
            state = self.read(config, epoch)
        except OtherRecordVersion as error:
            raise StateUnusable(str(error)) from error
        if state is None:
            raise StateUnusable(f"the state kept of epoch {epoch} is damaged or gone")
        if not all_equal(state.components, of_training(config, identities)):
            raise StateUnusable(f"the state kept of epoch {epoch} was computed by other code")
        return state

    def measurable(self, points: Mapping[str, TrialConfig], identities: Mapping[str, str]) -> set[str]:
        """Which of these points, by id, can be measured from kept states, without training."""
        trainings = set(self._objects.names(layout.TRAININGS))
        found = set()
        for name, point in points.items():
            with contextlib.suppress(StateUnusable):
                if point.training_id in trainings and self.usable(point, identities) is not None:
                    found.add(name)
        return found
