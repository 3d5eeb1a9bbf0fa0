"""A forward and backward pass of a layer, a model or a function, timed alike on every backend."""

import inspect
import statistics
import time

import keras
import numpy as np

BACKEND = keras.backend.backend()
MODES = {"tensorflow": ("graph", "jit"), "jax": ("jit",), "torch": ("eager",)}[BACKEND]


def step_of(thing, shape, mode):
    """A function of nothing that runs one training step and waits for it.

    Args:
        thing: Keras layer or model, or a function of one tensor of the backend.
        shape: Tuple, the input's, the batch first.
        mode: `"graph"`, `"jit"` or `"eager"`.
    """
    rng = np.random.default_rng(0)
    x = keras.ops.convert_to_tensor(rng.normal(size=shape).astype("float32"))
    if isinstance(thing, keras.layers.Layer) and not thing.built:
        thing(x)
    return {"tensorflow": _tensorflow_step, "jax": _jax_step, "torch": _torch_step}[BACKEND](
        thing, x, mode
    )


def ratio_of(ours, theirs, rounds):
    """The ratio of the medians of interleaved rounds, and both medians in milliseconds."""
    times = ([], [])
    for step in (ours, theirs, ours, theirs):
        step()
    for _ in range(rounds):
        for step, record in zip((ours, theirs), times):
            start = time.perf_counter()
            step()
            record.append(1e3 * (time.perf_counter() - start))
    medians = [statistics.median(record) for record in times]
    return medians[0] / medians[1], *medians


def _call(thing, x):
    if not isinstance(thing, keras.layers.Layer):
        return thing(x)
    return thing(x, training=True)


def _upstream(y):
    return np.random.default_rng(1).normal(size=y.shape).astype("float32")


def _tensorflow_step(thing, x, mode):
    import tensorflow as tf

    weights = [weight.value for weight in getattr(thing, "trainable_variables", [])]
    upstream = tf.constant(_upstream(_call(thing, x)))

    @tf.function(jit_compile=mode == "jit")
    def step(x):
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = _call(thing, x)
        return y, tape.gradient(y, [x, *weights], upstream, unconnected_gradients="zero")

    def run():
        step(x)
        tf.test.experimental.sync_devices()

    return run


def _jax_step(thing, x, mode):
    import jax

    upstream = _upstream(_call(thing, x))
    if not isinstance(thing, keras.layers.Layer):
        step = jax.jit(lambda x: jax.vjp(thing, x)[1](upstream))
        return lambda: jax.block_until_ready(step(x))
    weights = [variable.value for variable in thing.trainable_variables]
    rest = [variable.value for variable in thing.non_trainable_variables]

    # What `__call__` does and `stateless_call` does not: leave out what `call` does not take.
    takes_training = "training" in inspect.signature(thing.call).parameters
    options = {"training": True} if takes_training else {}

    def call(x, weights):
        return thing.stateless_call(weights, rest, x, **options)

    @jax.jit
    def step(x, weights):
        y, pull, state = jax.vjp(call, x, weights, has_aux=True)
        return y, pull(upstream), state

    return lambda: jax.block_until_ready(step(x, weights))


def _torch_step(thing, x, mode):
    import torch

    x = x.detach().requires_grad_()
    weights = [weight.value for weight in getattr(thing, "trainable_variables", [])]
    upstream = torch.as_tensor(_upstream(_call(thing, x)), device=x.device)

    def run():
        y = _call(thing, x)
        torch.autograd.grad(y, [x, *weights], upstream, allow_unused=True)
        if x.is_cuda:
            torch.cuda.synchronize()

    return run
