"""Models that are unbuilt when `fit` begins, trained in a process of their own.

`python resumed_models.py FOLDER KIND UNTIL` trains with a `Resume` in FOLDER and leaves
`weights.npz` there.
"""

import contextlib
import os
import sys

import keras
import numpy as np

from kerasrecipes.callbacks import Resume

RANDOM = np.random.default_rng(0)
X = RANDOM.normal(size=(24, 6)).astype("float32")
Y = RANDOM.integers(0, 3, 24)


class Subclassed(keras.Model):
    def __init__(self):
        super().__init__()
        self.first = keras.layers.Dense(5, activation="relu")
        self.normalization = keras.layers.BatchNormalization()
        self.dropout = keras.layers.Dropout(0.3, seed=1)
        self.last = keras.layers.Dense(3)

    def call(self, inputs, training=None):
        x = self.normalization(self.first(inputs), training=training)
        return self.last(self.dropout(x, training=training))


class DictInputs(Subclassed):
    def call(self, inputs, training=None):
        return super().call(keras.ops.concatenate([inputs["a"], inputs["b"]], -1), training)


class OwnBuild(Subclassed):
    def build(self, input_shape):
        self.scale = self.add_weight(shape=(input_shape[-1],), initializer="ones")
        super().build(input_shape)

    def call(self, inputs, training=None):
        return super().call(inputs * self.scale, training)


class OwnOptimizers(Subclassed):
    """Two optimizers of its own, in a list and a dict; the compiled one is not used."""

    def __init__(self):
        super().__init__()
        self.rates = [keras.optimizers.Adam(0.01)]
        self.more = {"last": keras.optimizers.SGD(0.1, momentum=0.9)}

    def train_step(self, data):
        import tensorflow as tf

        x, y = data
        with tf.GradientTape() as tape:
            loss = self.compute_loss(x=x, y=y, y_pred=self(x, training=True))
        last = self.last.trainable_variables
        first = [v for v in self.trainable_variables if not any(v is w for w in last)]
        gradients = tape.gradient(loss, [*first, *last])
        self.rates[0].apply(gradients[: len(first)], first)
        self.more["last"].apply(gradients[len(first) :], last)
        return {"loss": loss}


class NeverCalled(keras.Model):
    """Two networks that a custom step trains in turn; the model itself has no `call`."""

    def __init__(self):
        super().__init__()
        self.one = keras.Sequential([keras.Input((6,)), keras.layers.Dense(3)])
        self.two = keras.Sequential([keras.Input((6,)), keras.layers.Dense(3)])
        self.rates = {"one": keras.optimizers.Adam(0.01), "two": keras.optimizers.Adam(0.02)}

    def train_step(self, data):
        import tensorflow as tf

        x, y = data
        logs = {}
        for name, network in (("one", self.one), ("two", self.two)):
            with tf.GradientTape() as tape:
                losses = keras.losses.sparse_categorical_crossentropy(y, network(x), True)
                loss = keras.ops.mean(losses)
            variables = network.trainable_variables
            self.rates[name].apply(tape.gradient(loss, variables), variables)
            logs[name] = loss
        return logs


def without_input():
    layers = [keras.layers.Dense(5), keras.layers.BatchNormalization()]
    return keras.Sequential([*layers, keras.layers.Dropout(0.3, seed=1), keras.layers.Dense(3)])


KINDS = {
    "subclassed": Subclassed,
    "sequential without input": without_input,
    "dict inputs": DictInputs,
    "own build": OwnBuild,
    "own optimizers": OwnOptimizers,
    "never called": NeverCalled,
}
ON_TENSORFLOW = ("own optimizers", "never called")


class Stop(Exception):
    pass


def train(kind, folder, seed, until=4, **options):
    """Train 4 epochs, or leave after `until` as a kill would; return the weights."""

    def leave(epoch, logs=None):
        if epoch == until:
            raise Stop

    keras.utils.set_random_seed(seed)
    model = KINDS[kind]()
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    jit = keras.backend.backend() == "jax"  # TensorFlow's XLA compiles longer than this trains
    model.compile(keras.optimizers.Adam(0.01), loss, jit_compile=jit)
    x = {"a": X[:, :2], "b": X[:, 2:]} if kind == "dict inputs" else X
    resume = Resume(os.path.join(folder, "state"), every_steps=1, **options)
    callbacks = [resume, keras.callbacks.LambdaCallback(on_epoch_begin=leave)]
    with contextlib.suppress(Stop):
        model.fit(x, Y, 8, epochs=4, shuffle=False, verbose=0, callbacks=callbacks)
    return [keras.ops.convert_to_numpy(weight) for weight in model.variables]


if __name__ == "__main__":
    folder, kind, until = sys.argv[1:]
    weights = train(kind, folder, seed=int(until), until=int(until))
    np.savez(os.path.join(folder, "weights.npz"), *weights)
