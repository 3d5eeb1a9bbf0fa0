"""Two TensorFlow replicas against the whole batch, in a process of its own: see
`test_synchronized_statistics.py`. Logical CPUs are set up before TensorFlow starts."""

import keras
import numpy as np
import tensorflow as tf

from kerasrecipes._backend.devices import mirrored
from kerasrecipes.layers import DecorrelatedBatchNormalization


def compare(method, shares):
    """Raise unless outputs, gradients and running statistics equal those of the whole batch."""
    x = np.random.default_rng(0).normal(size=(16, 5)) @ np.tri(5) + 3
    upstream = np.random.default_rng(1).normal(size=x.shape)
    arguments = {"group_size": 3, "method": method, "synchronized": True, "dtype": "float64"}
    whole = DecorrelatedBatchNormalization(**arguments)
    expected = step(whole, tf.constant(x), tf.constant(upstream))

    strategy = mirrored(2)
    with strategy.scope():
        layer = DecorrelatedBatchNormalization(**arguments)
        layer.build((None, 5))
    parts = [distribute(strategy, np.split(array, [shares])) for array in (x, upstream)]

    @tf.function
    def run(x, upstream):
        return strategy.run(lambda x, upstream: step(layer, x, upstream), (x, upstream))

    for result, wanted in zip(run(*parts), expected):
        pieces = strategy.experimental_local_results(result)
        np.testing.assert_allclose(np.concatenate(pieces), wanted, rtol=1e-9, atol=1e-9)
    for ours, theirs in zip(layer.non_trainable_variables, whole.non_trainable_variables):
        for copy in strategy.experimental_local_results(ours.value):
            np.testing.assert_allclose(copy, theirs.numpy(), rtol=1e-9, atol=1e-9)


def distribute(strategy, pieces):
    """One array a replica."""
    return strategy.experimental_distribute_values_from_function(
        lambda context: tf.constant(pieces[context.replica_id_in_sync_group])
    )


def step(layer, x, upstream):
    """The output of training, and the gradient by the input."""
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = layer(x, training=True)
    return y, tape.gradient(y, x, upstream)


if __name__ == "__main__":
    assert keras.backend.backend() == "tensorflow"
    mirrored(2)  # before the first tensor
    compare("zca", 13)
    compare("newton", 8)
