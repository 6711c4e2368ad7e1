"""The registry of architectures, and the Keras model of a config. To add one: a file, a line here, a name in config."""

from collections.abc import Mapping
from typing import get_args

import keras

from trainables import config as configuration
from trainables.architectures import mlp, resnet, shortcut, shortcut_resnet
from trainables.architectures.activations import ACTIVATIONS
from trainables.architectures.wiring import Connect, HiddenLayer
from trainables.config import TrialConfig
from trainables.initializers import bias_initializer, kernel_initializer
from trainables.sizes import hidden_widths

ARCHITECTURES: dict[configuration.Architecture, Connect] = {
    "mlp": mlp.connect,
    "shortcut": shortcut.connect,
    "resnet": resnet.connect,
    "shortcut_resnet": shortcut_resnet.connect,
}

assert set(ARCHITECTURES) == set(get_args(configuration.Architecture))

Initial = Mapping[str, keras.initializers.Initializer]


def build(config: TrialConfig, pixels: int, classes: int) -> keras.Model:
    """The untrained network of a config, from rows of `pixels` to a dict of outputs.

    Outputs: `input`, `hidden_1` ... `hidden_D` (each (n, W), first and last (n, 2W)), `merged` (n, 2W),
    `logits` and `probabilities` (n, classes). Same config, same initial weights.
    """
    image = keras.Input((pixels,), name="image")
    kernels, biases = initial_kernels(config), initial_biases(config)
    layers = [
        _hidden_layer(config, kernels, biases, number, width)
        for number, width in enumerate(hidden_widths(config), start=1)
    ]
    wiring = ARCHITECTURES[config.architecture](image, layers, config)
    logits = keras.layers.Dense(classes, kernel_initializer=kernels["logits"], name="logits")(wiring.merged)
    outputs = {f"hidden_{number}": output for number, output in enumerate(wiring.hidden, start=1)}
    outputs |= {"input": image, "merged": wiring.merged, "logits": logits}
    outputs["probabilities"] = keras.layers.Softmax(name="probabilities")(logits)
    return keras.Model(image, outputs, name=config.architecture)


def initial_kernels(config: TrialConfig) -> dict[str, keras.initializers.Initializer]:
    """What the kernels of a config's network are drawn from, by layer: the hidden ones, and that of the softmax."""
    numbers = range(1, config.depth + 1)
    hidden = {f"dense_{one}": kernel_initializer(config.initializer, config.gain, config.seed, one) for one in numbers}
    return hidden | {"logits": kernel_initializer("glorot_normal", 1.0, config.seed, config.depth + 1)}


def initial_biases(config: TrialConfig) -> dict[str, keras.initializers.Initializer]:
    """What the biases of a config's hidden layers are drawn from, by layer; empty where they have none."""
    numbers = range(1, config.depth + 1) if config.bias else ()
    return {f"dense_{one}": bias_initializer(config.bias_std, config.seed, one) for one in numbers}


def _hidden_layer(config: TrialConfig, kernels: Initial, biases: Initial, number: int, width: int) -> HiddenLayer:
    """Dense -> BatchNormalization (Keras defaults but for the momentum) -> activation."""
    name = f"dense_{number}"
    start = {"kernel_initializer": kernels[name], "bias_initializer": biases.get(name, "zeros")}
    layers: list[keras.layers.Layer] = [keras.layers.Dense(width, use_bias=config.bias, name=name, **start)]
    if config.batch_norm:
        layers.append(keras.layers.BatchNormalization(momentum=config.batch_norm_momentum, name=f"batch_norm_{number}"))
    layers.append(keras.layers.Activation(ACTIVATIONS[config.activation], name=f"hidden_{number}"))

    def apply(signal: keras.KerasTensor) -> keras.KerasTensor:
        for layer in layers:
            signal = layer(signal)
        return signal

    return apply
