"""Multilayer perceptron: a plain stack (Hodas & Stinis 2018, figure 1)."""

from collections.abc import Sequence

from keras import KerasTensor

from trainables.architectures.wiring import HiddenLayer, Wiring
from trainables.config import TrialConfig


def connect(image: KerasTensor, layers: Sequence[HiddenLayer], _config: TrialConfig) -> Wiring:
    """Each layer feeds the next; the last one enters the softmax."""
    hidden, signal = [], image
    for layer in layers:
        signal = layer(signal)
        hidden.append(signal)
    return Wiring(tuple(hidden), signal)
