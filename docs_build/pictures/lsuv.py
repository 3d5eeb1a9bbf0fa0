"""The signal of ten layers before and after LSUV."""

import keras
import numpy as np
from matplotlib import pyplot as plt

from kerasrecipes.initializers import LSUV


def draw():
    """Standard deviation of the outputs before the activation, by layer."""
    keras.utils.set_random_seed(0)
    images = np.random.default_rng(0).normal(size=(512, 100))
    model = keras.Sequential([keras.Input((100,))])
    for i in range(10):
        model.add(keras.layers.Dense(100, "tanh", kernel_initializer="orthogonal", name=f"d{i}"))
    figure, axis = plt.subplots()
    axis.plot(range(1, 11), _deviations(model, images), "o-", label="orthonormal weights")
    LSUV(tolerance=0.01)(model, images)
    axis.plot(range(1, 11), _deviations(model, images), "o-", label="after LSUV")
    axis.set(xlabel="layer", ylabel="std of the outputs", ylim=(0, 1.15))
    axis.legend(loc="lower left")
    return figure


def _deviations(model, x):
    """Return the standard deviation of what each layer gives its activation."""
    found = []
    for layer in model.layers:
        found.append(float(np.std(x @ np.asarray(layer.kernel) + np.asarray(layer.bias))))
        x = np.asarray(layer(x))
    return found
