"""Runs a layer in a model the same way on every backend: eagerly, jitted, with gradients."""

import contextlib

import keras
import numpy as np

BACKEND = keras.backend.backend()


@contextlib.contextmanager
def policy(name):
    """Keras's global dtype policy for the time of a `with`."""
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(name)
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)


def model_of(row, seed=0):
    """A model of the row's layer with non-trivial weights: two of one seed are equal."""
    keras.utils.set_random_seed(seed)
    layer = row.make()
    if row.prepare is not None:
        row.prepare(layer)
    x = row.inputs(row.shape)
    inputs = keras.Input(x.shape[1:], dtype=str(x.dtype))
    model = keras.Model(inputs, layer(inputs))
    rng = np.random.default_rng(seed)
    for weight in model.trainable_variables:
        weight.assign(to_numpy(weight) + 0.3 * rng.normal(size=weight.shape))
    return model


def to_numpy(tensor):
    """A NumPy array of at least float32."""
    array = keras.ops.convert_to_numpy(tensor)
    return array.astype("float32") if array.dtype.itemsize < 4 else array


def run(model, x, training):
    """The output, eagerly, as NumPy."""
    return to_numpy(model(keras.ops.convert_to_tensor(x), training=training))


def run_jitted(model, x, training):
    """The output of the compiled call, as NumPy."""
    x = keras.ops.convert_to_tensor(x)
    if BACKEND == "tensorflow":
        import tensorflow as tf

        compiled = tf.function(lambda x: model(x, training=training), jit_compile=True)
        return to_numpy(compiled(x))
    if BACKEND == "jax":
        import jax

        compiled = jax.jit(
            lambda state, x: model.stateless_call(*state, x, training=training)[0],
        )
        state = [
            [variable.value for variable in variables]
            for variables in (model.trainable_variables, model.non_trainable_variables)
        ]
        return to_numpy(compiled(state, x))
    import torch

    torch.compiler.reset()
    with torch.no_grad():
        return to_numpy(torch.compile(model, backend="eager")(x, training=training))


def gradients(model, x, training=True):
    """Gradients of a fixed random projection of the output by each trainable weight."""
    x = keras.ops.convert_to_tensor(x)

    def project(y):
        direction = np.random.default_rng(1).normal(size=y.shape)
        direction = keras.ops.convert_to_tensor(direction, dtype="float32")
        return keras.ops.sum(keras.ops.cast(y, "float32") * direction)

    return [to_numpy(gradient) for gradient in _gradients(model, x, training, project)]


def _gradients(model, x, training, project):
    weights = [weight.value for weight in model.trainable_variables]
    if not weights:
        return []
    if BACKEND == "tensorflow":
        import tensorflow as tf

        with tf.GradientTape() as tape:
            loss = project(model(x, training=training))
        return tape.gradient(loss, weights, unconnected_gradients="zero")
    if BACKEND == "jax":
        import jax

        rest = [variable.value for variable in model.non_trainable_variables]
        return jax.grad(
            lambda weights: project(model.stateless_call(weights, rest, x, training=training)[0])
        )(weights)
    import torch

    loss = project(model(x, training=training))
    found = torch.autograd.grad(loss, weights, allow_unused=True)
    return [torch.zeros_like(v) if g is None else g.detach() for g, v in zip(found, weights)]
