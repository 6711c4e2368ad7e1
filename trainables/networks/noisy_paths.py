"""A network with Gaussian noise at every hidden layer, run several times on each image.

The paths of an image are independent: at each layer every unit gets noise of its own before the next layer, and what a
shortcut or a residual sum carries, sees it (sample propagation, Goldfeld et al. 2019).
"""

import keras
import numpy as np

from trainables.architectures import ARCHITECTURES, HiddenLayer
from trainables.config import TrialConfig
from trainables.sizes import hidden_widths

STREAM = 0x7061746873
"""Keeps this noise apart from numbers drawn elsewhere from a generator of the same seed."""


class NoisyPaths:
    """The hidden layers of a built network, which shares its variables, with noise after each of them."""

    def __init__(self, config: TrialConfig, built: keras.Model) -> None:
        self._widths = hidden_widths(config)
        self._noises = [keras.Input((width,), name=f"noise_{n}") for n, width in enumerate(self._widths, start=1)]
        self._without_own_noise: dict[str, keras.KerasTensor] = {}
        layers = [self._noisy(config, built, number) for number in range(1, config.depth + 1)]
        image = keras.Input(built.input.shape[1:], name="image")
        ARCHITECTURES[config.architecture](image, layers, config)
        self._model = keras.Model([image, *self._noises], self._without_own_noise)
        self._model.compile(jit_compile=True)

    def _noisy(self, config: TrialConfig, built: keras.Model, number: int) -> HiddenLayer:
        names = [f"dense_{number}", *([f"batch_norm_{number}"] if config.batch_norm else []), f"hidden_{number}"]

        def apply(signal: keras.KerasTensor) -> keras.KerasTensor:
            for name in names:
                signal = built.get_layer(name)(signal)
            self._without_own_noise[f"hidden_{number}"] = signal
            return signal + self._noises[number - 1]

        return apply

    def sample(self, images: np.ndarray, noise: float, paths: int, seed: int) -> dict[str, np.ndarray]:
        """By layer, (images, paths, units): its output without its own noise, with that of all layers before it."""
        found: dict[str, list[np.ndarray]] = {name: [] for name in self._without_own_noise}
        for path in range(paths):
            generator = np.random.default_rng([STREAM, seed, path])
            drawn = [
                (noise * generator.standard_normal((len(images), width))).astype(np.float32) for width in self._widths
            ]
            for name, values in self._model.predict_on_batch([images, *drawn]).items():
                found[name].append(np.asarray(values))
        return {name: np.stack(values, axis=1) for name, values in found.items()}
