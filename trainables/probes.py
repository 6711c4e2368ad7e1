"""Which layer outputs are measured, as named pairs."""

from collections.abc import Sequence
from itertools import combinations
from typing import NamedTuple

from trainables.config import WITH_SHORTCUT, PairRequest, TrialConfig

DEFAULT_PAIR = "first-merged"


class LayerPair(NamedTuple):
    """A measured pair: its name in tables, and the names of two outputs of the network, of `input` or of `label`."""

    name: str
    x: str
    y: str

    @property
    def is_with_label(self) -> bool:
        """Whether one side is the class of the image: its MI is Ross's, which has no scale."""
        return self.y == "label"

    @property
    def is_with_input(self) -> bool:
        """Whether one side is the image: such a pair has no common scale and is measured balanced only."""
        return self.x == "input"


def default_pair(names: Sequence[str]) -> str:
    """Of these pairs the one that figures and summaries show: the paper's, else the first."""
    return DEFAULT_PAIR if DEFAULT_PAIR in names else names[0]


def pairs(config: TrialConfig) -> tuple[LayerPair, ...]:
    """The pairs that a config asks for, in its order, each once.

    Without a shortcut the last hidden layer is what enters the softmax, so `first-last` and `first-merged` are one
    quantity: it is measured once, under the name that was asked for first.
    """
    requests = list(config.measure.pairs)
    ends = [request for request in requests if request in ("first-merged", "first-last")]
    if config.architecture not in WITH_SHORTCUT and len(ends) == 2:
        requests.remove(ends[1])
    found = {pair.name: pair for request in requests for pair in _requested(request, config.depth)}
    return tuple(found.values())


def _requested(request: PairRequest, depth: int) -> list[LayerPair]:
    first, last = "hidden_1", f"hidden_{depth}"
    match request:
        case "first-merged":
            return [LayerPair(request, first, "merged")]
        case "first-last":
            return [LayerPair(request, first, last)]
        case "successive":
            return [_between(layer, layer + 1) for layer in range(1, depth)]
        case "input-each":
            return [LayerPair(f"input-{layer}", "input", f"hidden_{layer}") for layer in range(1, depth + 1)]
        case "each-label":
            return [LayerPair(f"{layer}-label", f"hidden_{layer}", "label") for layer in range(1, depth + 1)]
        case "all":
            return [_between(*layers) for layers in combinations(range(1, depth + 1), 2)]


def _between(earlier: int, later: int) -> LayerPair:
    return LayerPair(f"{earlier}-{later}", f"hidden_{earlier}", f"hidden_{later}")
