"""Work on a point from the states that are kept of its training: measured anew, without training."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from sweep.store import KeptStates, Store
from trainables.config import TrialConfig
from trainables.identity.components import are_equal
from trainables.kept_states import KeptState

if TYPE_CHECKING:
    from trainables.datasets import Dataset
    from trainables.networks import Network
    from trainables.remeasurement import Remeasurement  # imports Keras, which must wait for `device.pin`


class StateLost(Exception):
    """A state that was kept is no longer intact."""


def remeasurement(
    point: TrialConfig,
    store: Store,
    data: "Dataset",
    threads: int,
    components: Mapping[str, str],
    take_network: Callable[[], "Network | None"],
) -> "Remeasurement | None":
    """The point measured from kept states; None where it has to be trained.

    components: the identities of the code of now; states that other code computed are not used.
    """
    kept = KeptStates(store)
    epochs = kept.needed(point)
    last = kept.read(point, epochs[-1]) if epochs else None
    if last is None or not _is_equal(last.components, components):
        return None
    from trainables.remeasurement import Remeasurement

    def state(epoch: int) -> KeptState:
        found = kept.read(point, epoch)
        if found is None or not _is_equal(found.components, components):
            raise StateLost(f"the state kept of epoch {epoch} is damaged, gone, or of other code")
        return found

    return Remeasurement(point, data, state, last, threads, take_network())


def of_training(components: Mapping[str, str]) -> dict[str, str]:
    """Of the identities of the code those that decide a state: all but those of what is measured."""
    return {name: one for name, one in components.items() if not name.startswith("estimator")}


def _is_equal(then: Mapping[str, str], now: Mapping[str, str]) -> bool:
    current = of_training(now)
    return then.keys() == current.keys() and all(are_equal(name, then[name], current[name]) for name in then)
