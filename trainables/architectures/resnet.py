"""Residual perceptron: a skip around every other layer (Hodas & Stinis 2018, figure 3)."""

from collections.abc import Sequence

import keras
from keras import KerasTensor

from trainables.architectures.wiring import HiddenLayer, Wiring


def connect(image: KerasTensor, layers: Sequence[HiddenLayer]) -> Wiring:
    """The layers between the first and the last are taken in pairs; the sum of a pair's outputs feeds what follows.

    A layer left without a partner feeds the next one alone.
    """
    first, *middle, last = layers
    signal = first(image)
    hidden = [signal]
    for position, layer in enumerate(middle):
        output = layer(signal)
        hidden.append(output)
        is_second_of_pair = position % 2 == 1
        signal = keras.layers.Add(name=f"residual_{position + 2}")([signal, output]) if is_second_of_pair else output
    hidden.append(last(signal))
    return Wiring(tuple(hidden), hidden[-1])
