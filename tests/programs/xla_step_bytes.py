"""Temporary bytes of training steps as XLA's own analysis has them, for Keras on JAX: xla_step_bytes.py POINTS.

POINTS is a JSON list of [config, images, pixels]; what is printed is a JSON list of bytes.
"""

import json
import sys
from collections.abc import Iterable
from typing import Any

from trainables import device

device.pin(1)

import jax  # noqa: E402
import keras  # noqa: E402

from trainables.architectures import build  # noqa: E402
from trainables.config import TrialConfig  # noqa: E402
from trainables.networks import OPTIMIZERS  # noqa: E402


def temporary_bytes(config: TrialConfig, images: int, pixels: int) -> int:
    """Bytes that a step on all images takes besides its arguments and its results."""
    built = build(config, pixels, 10)
    model = keras.Model(built.input, built.output["logits"])
    optimizer = OPTIMIZERS[config.optimizer](config.learning_rate)
    optimizer.build(model.trainable_variables)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)

    def step(trainable: Any, others: Any, state: Any, x: Any, y: Any) -> tuple[Any, ...]:
        def objective(trainable: Any) -> tuple[Any, Any]:
            logits, changed = model.stateless_call(trainable, others, x, training=True)
            return loss(y, logits), changed

        (value, changed), gradients = jax.value_and_grad(objective, has_aux=True)(trainable)
        return value, changed, *optimizer.stateless_apply(state, gradients, trainable)

    states = (model.trainable_variables, model.non_trainable_variables, optimizer.variables)
    batch = jax.ShapeDtypeStruct((images, pixels), "float32"), jax.ShapeDtypeStruct((images,), "int32")
    compiled = jax.jit(step).lower(*map(shapes, states), *batch).compile()
    analysis = compiled.memory_analysis()
    assert analysis is not None
    return int(analysis.temp_size_in_bytes)


def shapes(variables: Iterable[Any]) -> list[jax.ShapeDtypeStruct]:
    """What the step is compiled for in place of these variables."""
    return [jax.ShapeDtypeStruct(one.shape, one.dtype) for one in variables]


if __name__ == "__main__":
    points = json.loads(sys.argv[1])
    print(json.dumps([temporary_bytes(TrialConfig.model_validate(config), *sizes) for config, *sizes in points]))
