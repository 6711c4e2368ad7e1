"""What an architecture is: a way of connecting given hidden layers, by sums alone; it adds no weights of its own."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from keras import KerasTensor

from trainables.config import TrialConfig

HiddenLayer = Callable[[KerasTensor], KerasTensor]


class Wiring(NamedTuple):
    """The outputs of a connected stack."""

    hidden: tuple[KerasTensor, ...]
    """Each hidden layer's own output, first to last, before any sum."""
    merged: KerasTensor
    """The vector that enters the softmax."""


Connect = Callable[[KerasTensor, Sequence[HiddenLayer], TrialConfig], Wiring]
"""(image, hidden layers, config) -> the outputs of the stack that an architecture makes of them."""
