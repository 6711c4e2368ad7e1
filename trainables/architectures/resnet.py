"""Residual perceptron: a skip around every other layer (Hodas & Stinis 2018, figure 3)."""

from collections.abc import Callable, Sequence

import keras
from keras import KerasTensor

from trainables.architectures.wiring import HiddenLayer, Wiring
from trainables.config import ResidualSums, TrialConfig


def connect(image: KerasTensor, layers: Sequence[HiddenLayer], config: TrialConfig) -> Wiring:
    """The layers between the first and the last, all of one width, with the sums that the config asks for."""
    first, *middle, last = layers
    signal = first(image)
    hidden, signal = SUMS[config.residual_sums](signal, middle)
    hidden.append(last(signal))
    return Wiring(tuple(hidden), hidden[-1])


def _of_pairs(signal: KerasTensor, middle: Sequence[HiddenLayer]) -> tuple[list[KerasTensor], KerasTensor]:
    """The layers are taken in pairs; the sum of a pair's outputs feeds what follows.

    A layer left without a partner feeds the next one alone.
    """
    hidden = [signal]
    for position, layer in enumerate(middle):
        output = layer(signal)
        hidden.append(output)
        is_second_of_pair = position % 2 == 1
        signal = keras.layers.Add(name=f"residual_{position + 2}")([signal, output]) if is_second_of_pair else output
    return hidden, signal


def _of_every_layer(signal: KerasTensor, middle: Sequence[HiddenLayer]) -> tuple[list[KerasTensor], KerasTensor]:
    """Each layer's output is summed with the sum two layers before it; the first two feed what follows alone.

    As in He et al. 2016 with a skip around two layers, but one that begins at every layer.
    """
    hidden = [signal]
    sums: list[KerasTensor] = []
    for position, layer in enumerate(middle):
        output = layer(signal)
        hidden.append(output)
        signal = keras.layers.Add(name=f"residual_{position + 2}")([sums[-2], output]) if position > 1 else output
        sums.append(signal)
    return hidden, signal


SUMS: dict[ResidualSums, Callable[..., tuple[list[KerasTensor], KerasTensor]]] = {
    "pairs": _of_pairs,
    "every_layer": _of_every_layer,
}
"""(output of the first layer, middle layers) -> the outputs of both kinds before any sum, and what feeds the last."""
