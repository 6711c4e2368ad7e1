"""Perceptron with a first-to-last shortcut (Hodas & Stinis 2018, figure 2)."""

from collections.abc import Sequence

import keras
from keras import KerasTensor

from trainables.architectures import mlp
from trainables.architectures.wiring import HiddenLayer, Wiring
from trainables.config import TrialConfig


def connect(image: KerasTensor, layers: Sequence[HiddenLayer], config: TrialConfig) -> Wiring:
    """The stack; the outputs of its first and last hidden layer are summed and the sum enters the softmax."""
    return with_shortcut(mlp.connect(image, layers, config))


def with_shortcut(wiring: Wiring) -> Wiring:
    """The same layers, with first + last in place of what entered the softmax."""
    merged = keras.layers.Add(name="shortcut")([wiring.hidden[0], wiring.hidden[-1]])
    return Wiring(wiring.hidden, merged)
