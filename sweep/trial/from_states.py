"""Work on a point from the states that are kept of its training: measured anew, without training."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from sweep.store import KeptStates, Store
from trainables.config import TrialConfig
from trainables.kept_states import KeptState

if TYPE_CHECKING:
    from trainables.datasets import Dataset
    from trainables.networks import Network
    from trainables.remeasurement import Remeasurement  # imports Keras, which must wait for `device.pin`


def remeasurement(
    point: TrialConfig,
    store: Store,
    data: "Dataset",
    threads: int,
    components: Mapping[str, str],
    take_network: Callable[[], "Network | None"],
) -> "Remeasurement | None":
    """The point measured from kept states; None where none are kept of what it measures.

    components: the identities of the code of now; states that other code computed are not used.

    Raises:
        StateUnusable: here, or when it is iterated over, where a state that is kept cannot be used.
    """
    kept = KeptStates(store)
    epochs = kept.usable(point, components)
    if epochs is None:
        return None
    from trainables.remeasurement import Remeasurement

    def state(epoch: int) -> KeptState:
        return kept.require(point, epoch, components)

    return Remeasurement(point, data, state, state(epochs[-1]), threads, take_network())
