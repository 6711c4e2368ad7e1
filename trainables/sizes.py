"""How large the network and the data set of a point are, told without building them. Pure."""

from itertools import pairwise

from trainables.config import DatasetName, Optimizer, TrialConfig

PIXELS: dict[DatasetName, int] = {"mnist": 784, "digits": 64}
CLASSES = 10
SLOTS: dict[Optimizer, int] = {"sgd": 0, "rmsprop": 1, "adam": 2}
"""Variables that an optimizer keeps for each weight, at most."""


def hidden_widths(point: TrialConfig) -> list[int]:
    """Units of each hidden layer."""
    return [2 * point.width, *[point.width] * (point.depth - 2), 2 * point.width]


def widths(point: TrialConfig) -> list[int]:
    """Columns of each signal from the image to the logits."""
    return [PIXELS[point.dataset], *hidden_widths(point), CLASSES]


def weights(point: TrialConfig) -> int:
    """About how many numbers the variables of the network hold: kernels, and three for every unit."""
    return sum(before * after + 3 * after for before, after in pairwise(widths(point)))
