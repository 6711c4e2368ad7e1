"""Keras models compiled by XLA, on TensorFlow or JAX: outputs, their moments, derivatives, gradients of the loss."""

from collections.abc import Callable, Sequence
from typing import Any

from trainables.information.device import is_jax


def inference(model: Any) -> Callable[[Any], Any]:
    """images -> the model's outputs in inference mode, compiled by XLA, left where they are computed."""
    if not is_jax():
        import tensorflow as tf

        return tf.function(lambda images: model(images, training=False), jit_compile=True, autograph=False)
    import jax

    def outputs(trainable: Any, non_trainable: Any, images: Any) -> Any:
        return model.stateless_call(trainable, non_trainable, images, training=False)[0]

    step = jax.jit(outputs)
    return lambda images: step(
        [variable.value for variable in model.trainable_variables],
        [variable.value for variable in model.non_trainable_variables],
        images,
    )


def pushforward(model: Any) -> Callable[[Any, Any], Any]:
    """(images, directions) -> how fast each output of the model moves along them, in inference mode, compiled by XLA.

    Both of shape (n, pixels); row i of each output is its derivative at image i along direction i.
    """
    if not is_jax():
        import tensorflow as tf

        def derivatives(images: Any, directions: Any) -> Any:
            with tf.autodiff.ForwardAccumulator(images, directions) as accumulator:
                outputs = model(images, training=False)
            return accumulator.jvp(outputs)

        step = tf.function(derivatives, jit_compile=True, autograph=False)
        return lambda images, directions: step(tf.constant(images), tf.constant(directions))
    import jax

    def derivatives_with(trainable: Any, non_trainable: Any, images: Any, directions: Any) -> Any:
        def outputs(images: Any) -> Any:
            return model.stateless_call(trainable, non_trainable, images, training=False)[0]

        return jax.jvp(outputs, (images,), (directions,))[1]

    compiled_step = jax.jit(derivatives_with)
    return lambda images, directions: compiled_step(
        [variable.value for variable in model.trainable_variables],
        [variable.value for variable in model.non_trainable_variables],
        images,
        directions,
    )


def loss_gradients(model: Any, weights: Sequence[Any]) -> Callable[[Any, Any], Any]:
    """(images, labels) -> the gradients with respect to these weights of the loss of the model, whose output is logits.

    In training mode, the mean over the images of the softmax cross-entropy, compiled by XLA; no variable changes.
    """
    from keras import ops

    places = [next(i for i, one in enumerate(model.trainable_variables) if one is weight) for weight in weights]

    def loss(trainable: Any, non_trainable: Any, images: Any, labels: Any) -> Any:
        logits = model.stateless_call(trainable, non_trainable, images, training=True)[0]
        return ops.mean(ops.sparse_categorical_crossentropy(labels, logits, from_logits=True))

    def values() -> tuple[list[Any], list[Any]]:
        return [one.value for one in model.trainable_variables], [one.value for one in model.non_trainable_variables]

    if not is_jax():
        import tensorflow as tf

        def gradients(trainable: Any, non_trainable: Any, images: Any, labels: Any) -> Any:
            chosen = [trainable[place] for place in places]
            with tf.GradientTape() as tape:
                tape.watch(chosen)
                found = loss(trainable, non_trainable, images, labels)
            return tape.gradient(found, chosen)

        step = tf.function(gradients, jit_compile=True, autograph=False)

        def as_tensors(values: Sequence[Any]) -> list[Any]:
            return [tf.convert_to_tensor(value) for value in values]

        return lambda images, labels: step(*map(as_tensors, values()), images, labels)
    import jax

    of_all = jax.jit(jax.grad(loss))
    return lambda images, labels: [of_all(*values(), images, labels)[place] for place in places]


def batch_moments(model: Any) -> Callable[[Any], Any]:
    """images -> (mean, variance) over the images of each unit of each output, in training mode, compiled by XLA.

    In training mode every batch normalization uses the statistics of these very images; on TensorFlow it also moves its
    averages.
    """
    from keras import ops

    def moments(outputs: Any) -> Any:
        return [ops.moments(output, axes=[0]) for output in outputs]

    if not is_jax():
        import tensorflow as tf

        return tf.function(lambda images: moments(model(images, training=True)), jit_compile=True, autograph=False)
    import jax

    def of_batch(trainable: Any, non_trainable: Any, images: Any) -> Any:
        return moments(model.stateless_call(trainable, non_trainable, images, training=True)[0])

    step = jax.jit(of_batch)
    return lambda images: step(
        [variable.value for variable in model.trainable_variables],
        [variable.value for variable in model.non_trainable_variables],
        images,
    )
