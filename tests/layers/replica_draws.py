"""Every layer on two TensorFlow replicas, in a process of its own: see `test_replica_draws.py`."""

import contextlib

import keras
import numpy as np
import tensorflow as tf

from kerasrecipes._backend.devices import mirrored
from tests.layers.contract_table import ROWS
from tests.layers.replica_names import COMMON

NO_TENSORS = ("ClassNames",)  # strings
# By design: `synchronized` has a test of its own, and a ghost is of one replica's examples.
OF_THE_BATCH = ("DecorrelatedBatchNormalization", "GhostBatchNormalization")


def check_draws(name, row):
    """Raise unless replicas drop equal examples apart, or together where one draw is for all."""
    x = np.repeat(row.inputs(row.shape)[:1], 8, axis=0)
    layers = on_one_and_on_two(row, x)
    alone = run_alone(layers[0], x, True)
    pair = run_on_two(layers[1], [x, x], True)
    later = run_on_two(layers[1], [x, x], True)
    np.testing.assert_allclose(pair[0], alone, atol=1e-5, err_msg=f"{name}: the first replica")
    for first, second in (pair, later):
        assert np.array_equal(first, second) == (name in COMMON), name
    if name not in COMMON:
        assert not np.array_equal(pair[1], later[0]), f"{name}: the draws of a step later"
    state = layers[1].seed_generator.state.value
    first, second = STRATEGY.experimental_local_results(state)
    assert np.array_equal(first, second), f"{name}: the state belongs to no replica"


def check_values(name, row):
    """Raise unless two replicas with unequal halves compute what one device does, without noise."""
    x, training = row.inputs(row.shape), not row.draws
    layers = on_one_and_on_two(row, x)
    parts = np.split(x, [1])
    pair = run_on_two(layers[1], parts, training)
    expected = run_alone(layers[0], x, training)
    assert_close(np.concatenate(pair), expected, name)


def assert_close(result, expected, name):
    if expected.dtype.kind == "f":
        np.testing.assert_allclose(result, expected, atol=1e-5, err_msg=name)
    else:
        np.testing.assert_array_equal(result, expected, err_msg=name)


def on_one_and_on_two(row, x):
    """Return two equal layers, for one device and for the replicas."""
    layers = []
    for scope in (contextlib.nullcontext(), STRATEGY.scope()):
        with scope:
            layer = row.make()
            if row.prepare is not None:
                row.prepare(layer)
            layer(x)
            layers.append(layer)
    layers[1].set_weights(layers[0].get_weights())
    return layers


def run_alone(layer, x, training):
    return np.asarray(layer(tf.constant(x), training=training))


def run_on_two(layer, parts, training):
    """Return the outputs of the two replicas for an array each."""
    values = STRATEGY.experimental_distribute_values_from_function(
        lambda context: tf.constant(parts[context.replica_id_in_sync_group])
    )

    def step(x):
        return layer(x, training=training)

    result = tf.function(lambda x: STRATEGY.run(step, (x,)))(values)
    return [np.asarray(part) for part in STRATEGY.experimental_local_results(result)]


if __name__ == "__main__":
    assert keras.backend.backend() == "tensorflow"
    STRATEGY = mirrored(2)
    for name, row in ROWS.items():
        if row.draws:
            check_draws(name, row)
        if name not in NO_TENSORS and not name.startswith(OF_THE_BATCH):
            check_values(name, row)
