"""A training step of a layer, a model or a function, timed alike on every backend."""

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
    x, thing = _input(shape), _built(thing, shape)
    if BACKEND == "tensorflow":
        return _tensorflow_step(thing, x, mode)
    start = {"jax": _jax_launch, "torch": _torch_launch}[BACKEND](thing, x)
    return lambda: _wait(start())


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


def launched(thing, shape):
    """A function of nothing that starts one training step, and returns what to wait for."""
    x, thing = _input(shape), _built(thing, shape)
    return {"jax": _jax_launch, "torch": _torch_launch}[BACKEND](thing, x)


def ratio_of_many(ours, theirs, rounds, seconds=0.05):
    """The ratio of the medians of interleaved rounds, and both medians in milliseconds a step.

    A round is as many steps as take `seconds`, with one wait at the end: the device computes while
    the next step is started.
    """
    counts, times = [], ([], [])
    for start in (ours, theirs):
        for _ in range(3):
            _wait(start())
        counts.append(max(1, round(seconds / _seconds(start, 3))))
    for _ in range(rounds):
        for start, count, record in zip((ours, theirs), counts, times):
            record.append(1e3 * _seconds(start, count))
    medians = [statistics.median(record) for record in times]
    return medians[0] / medians[1], *medians


def _seconds(start, count):
    before = time.perf_counter()
    for _ in range(count):
        last = start()
    _wait(last)
    return (time.perf_counter() - before) / count


def _wait(result):
    if BACKEND == "jax":
        import jax

        jax.block_until_ready(result)
    elif result[0].is_cuda:
        import torch

        torch.cuda.synchronize()


def _input(shape):
    return keras.random.normal(shape, seed=0)


def _built(thing, shape):
    if isinstance(thing, keras.layers.Layer) and not thing.built:
        thing(np.zeros((2, *shape[1:]), "float32"))
    return thing


def _call(thing, x):
    if not isinstance(thing, keras.layers.Layer):
        return thing(x)
    return thing(x, training=True)


def _upstream(y):
    return np.random.default_rng(1).standard_normal(tuple(y.shape), "float32")


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


def _jax_launch(thing, x):
    import jax

    upstream = keras.random.normal(_call(thing, x).shape, seed=1)
    if not isinstance(thing, keras.layers.Layer):
        step = jax.jit(lambda x, upstream: jax.vjp(thing, x)[1](upstream))
        return lambda: step(x, upstream)
    weights = [variable.value for variable in thing.trainable_variables]
    rest = [variable.value for variable in thing.non_trainable_variables]

    # What `__call__` does and `stateless_call` does not: leave out what `call` does not take.
    takes_training = "training" in inspect.signature(thing.call).parameters
    options = {"training": True} if takes_training else {}

    # All are arguments: XLA would fold constants of this size for minutes.
    @jax.jit
    def step(x, weights, rest, upstream):
        def call(x, weights):
            return thing.stateless_call(weights, rest, x, **options)

        y, pull, state = jax.vjp(call, x, weights, has_aux=True)
        return y, pull(upstream), state

    return lambda: step(x, weights, rest, upstream)


def _torch_launch(thing, x):
    import torch

    x = x.detach().requires_grad_()
    weights = [weight.value for weight in getattr(thing, "trainable_variables", [])]
    upstream = keras.random.normal(tuple(_call(thing, x).shape), seed=1)
    return lambda: torch.autograd.grad(_call(thing, x), [x, *weights], upstream, allow_unused=True)
