"""Files of a kept network: Keras' own format, and its arrays for NumPy."""

from pathlib import Path

import keras
import numpy as np

from trainables.architectures import build
from trainables.config import TrialConfig
from trainables.kept_states import KeptState
from trainables.sizes import CLASSES, PIXELS


def write(config: TrialConfig, state: KeptState, folder: Path) -> tuple[Path, Path]:
    """Write epoch-N.keras and epoch-N.npz into the folder, which is made if it is missing; returns their paths.

    The model gives from rows of pixels, (n, pixels), a dict of outputs: `hidden_1`, ..., `merged`, `logits`,
    `probabilities`. The arrays have the names of its variables, such as `dense_1/kernel`.

    Raises:
        OSError: when they cannot be written.
    """
    model = build(config, PIXELS[config.dataset], CLASSES)
    variables = keras.Model(model.input, model.output["logits"]).variables
    for variable, value in zip(variables, state.variables, strict=True):
        variable.assign(value)
    folder.mkdir(parents=True, exist_ok=True)
    stem = folder / f"epoch-{state.epoch:06d}"
    model.save(stem.with_suffix(".keras"))
    np.savez(stem.with_suffix(".npz"), **{variable.path: variable.numpy() for variable in variables})
    return stem.with_suffix(".keras"), stem.with_suffix(".npz")
