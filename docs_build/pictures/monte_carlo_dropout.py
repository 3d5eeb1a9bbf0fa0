"""Passes with dropout agree where there were data."""

import keras
import numpy as np
from matplotlib import pyplot as plt

from docs_build.pictures._style import BLUE, ORANGE


def draw():
    """Twenty passes of a network that was fitted to points between -2 and 2."""
    keras.utils.set_random_seed(1)
    rng = np.random.default_rng(0)
    x = np.concatenate([rng.uniform(-2, -0.5, 60), rng.uniform(0.5, 2, 60)])[:, None]
    y = np.sin(2 * x) + rng.normal(0, 0.1, x.shape)
    model = keras.Sequential([keras.Input((1,))])
    for _ in range(2):
        model.add(keras.layers.Dense(100, "relu"))
        model.add(keras.layers.Dropout(0.1))
    model.add(keras.layers.Dense(1))
    model.compile(keras.optimizers.Adam(5e-3), "mse")
    model.fit(np.tile(x, (400, 1)), np.tile(y, (400, 1)), batch_size=120, verbose=0)
    line = np.linspace(-5, 5, 300)[:, None].astype("float32")
    figure, axis = plt.subplots()
    for _ in range(20):
        axis.plot(line, np.asarray(model(line, training=True)), color=BLUE, alpha=0.25, lw=0.8)
    axis.plot(x, y, ".", color=ORANGE, label="data")
    axis.set(ylim=(-5, 5), xlabel="input", ylabel="prediction")
    axis.legend(loc="upper left")
    return figure
