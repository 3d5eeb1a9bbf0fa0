"""A model whose one weight tells the rate of every update, and what reads it."""

import keras
import numpy as np


class Slope(keras.layers.Layer):
    """Returns w · x: with the loss y_pred and x = 1 the gradient of w is 1, always."""

    def build(self, input_shape):
        self.w = self.add_weight(shape=(), initializer="zeros", name="w")

    def call(self, x):
        return x * self.w

    def compute_output_shape(self, input_shape):
        return input_shape


def mean_of_outputs(y, y_pred):
    return keras.ops.mean(y_pred)


def slope_model(optimizer=None, **options):
    """Under SGD each update takes the rate off the weight."""
    options = {"jit_compile": keras.backend.backend() == "jax", **options}  # else TensorFlow's XLA
    model = keras.Sequential([keras.Input((1,)), Slope(name="slope")])
    optimizer = optimizer or keras.optimizers.SGD(0.123)
    model.compile(optimizer, loss=mean_of_outputs, **options)
    return model


def ones(batches):
    """Batches of one row."""
    return np.ones((batches, 1), "float32"), np.ones((batches, 1), "float32")


def weight(model):
    return float(keras.ops.convert_to_numpy(model.layers[-1].w))


class Weights(keras.callbacks.Callback):
    """The weight before the first and after each execution."""

    def on_train_begin(self, logs=None):
        self.values = [weight(self.model)]

    def on_train_batch_end(self, batch, logs=None):
        self.values.append(weight(self.model))

    @property
    def rates(self):
        return -np.diff(self.values)
