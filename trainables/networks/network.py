"""The compiled network of a point, which points that differ in the values of its variables alone use in turn."""

from collections.abc import Collection
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import keras
import numpy as np

from trainables.architectures import build, initial_biases, initial_kernels
from trainables.config import TrialConfig
from trainables.datasets import Dataset
from trainables.networks.batch_statistics import BatchStatistics
from trainables.networks.compiled_models import inference
from trainables.networks.gradient_noise import GradientNoise
from trainables.networks.jacobian import Isometry
from trainables.networks.noisy_paths import NoisyPaths

OPTIMIZERS: dict[str, type[keras.optimizers.Optimizer]] = {
    "rmsprop": keras.optimizers.RMSprop,
    "sgd": keras.optimizers.SGD,
    "adam": keras.optimizers.Adam,
}

OF_VALUES = frozenset({"seed", "epochs", "initializer", "gain", "bias_std", "channel_noise"})
"""Fields that are not compiled into a network: they decide the values of its variables at most."""


class Network:
    """The models of a config, compiled by XLA on first use, and the images of its data set on the device.

    `trained` has the logits as its output, `observed` those `outputs` and the logits; `isometry` gives the Jacobians of
    the hidden layers, `gradient_noise` the gradients of batches. All share their variables.
    """

    def __init__(self, config: TrialConfig, data: Dataset, outputs: Collection[str]) -> None:
        self._compiled, self._data = _compiled(config), data
        built = build(config, data.train_images.shape[1], data.classes)
        self.trained = keras.Model(built.input, built.output["logits"])
        self.trained.compile(
            optimizer=OPTIMIZERS[config.optimizer](0.0 if config.frozen else config.learning_rate),
            loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
            jit_compile=True,
        )
        self.trained.optimizer.build(self.trained.trainable_variables)
        self.observed = keras.Model(built.input, {name: built.output[name] for name in sorted({"logits", *outputs})})
        self.observed.compile(jit_compile=True)
        self.observed_on_device = inference(self.observed)
        self.isometry = Isometry(built, data.validation_images)
        self.noisy_paths = (
            NoisyPaths(config, built)
            if "channel" in config.measure.measures and config.measure.noise_at == "every_layer"
            else None
        )
        self.train_images = keras.ops.convert_to_tensor(data.train_images)
        self.train_labels = keras.ops.convert_to_tensor(data.train_labels)
        self.validation_images = keras.ops.convert_to_tensor(data.validation_images)
        self.gradient_noise = (
            GradientNoise(config, built, self.train_images, self.train_labels)
            if "gradient" in config.measure.measures
            else None
        )
        self._statistics = (
            BatchStatistics(built, self.train_images) if config.batch_norm_statistics == "recalibrated" else None
        )
        self._initial = self.values()

    @property
    def variables(self) -> list[keras.Variable]:
        """All variables of the model and of its optimizer, in their fixed order."""
        return [*self.trained.variables, *self.trained.optimizer.variables]

    def values(self) -> tuple[np.ndarray, ...]:
        """Copies of what the variables hold."""
        return tuple(np.array(keras.ops.convert_to_numpy(variable)) for variable in self.variables)

    def assign(self, values: Collection[np.ndarray]) -> None:
        """Put values into the variables, in their order."""
        for variable, value in zip(self.variables, values, strict=True):
            variable.assign(value)

    def state(self) -> tuple[np.ndarray, ...]:
        """Copies of what the variables of the model hold, without those of the optimizer."""
        return tuple(np.array(keras.ops.convert_to_numpy(variable)) for variable in self.trained.variables)

    def assign_state(self, values: Collection[np.ndarray]) -> None:
        """Put a state into the variables of the model; those of the optimizer stay."""
        for variable, value in zip(self.trained.variables, values, strict=True):
            variable.assign(value)

    def for_evaluation(self) -> AbstractContextManager[None]:
        """A block in which the network is evaluated and measured; it leaves every variable as it was."""
        return self._statistics.recalibrated() if self._statistics else nullcontext()

    def serves(self, config: TrialConfig, data: Dataset) -> bool:
        """Whether a network built for that config would differ from this one in values alone."""
        return self._data is data and self._compiled == _compiled(config)

    def begin(self, config: TrialConfig) -> None:
        """Give every variable the value that it has in a network built for that config, which this one serves."""
        self.assign(self._initial)
        for layer, initializer in initial_kernels(config).items():
            kernel: Any = self.trained.get_layer(layer).kernel
            kernel.assign(initializer(kernel.shape, kernel.dtype))
        for layer, initializer in initial_biases(config).items():
            bias: Any = self.trained.get_layer(layer).bias
            bias.assign(initializer(bias.shape, bias.dtype))


def network(config: TrialConfig, data: Dataset, outputs: Collection[str], earlier: Network | None = None) -> Network:
    """The untrained network of a config: the `earlier` one, begun anew, if it serves, else one that is built."""
    if earlier is None or not earlier.serves(config, data):
        return Network(config, data, outputs)
    earlier.begin(config)
    return earlier


def _compiled(config: TrialConfig) -> str:
    return config.canonical(without=OF_VALUES)
