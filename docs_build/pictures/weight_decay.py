"""Decay in the loss and decoupled from it, of two weights with gradients of other sizes."""

import keras
import numpy as np
from matplotlib import pyplot as plt

STEPS = 300


def draw():
    """Two weights without a slope, noise of size 1 and 0.01, under Adam and AdamW."""
    noise = np.random.default_rng(0).normal(size=(STEPS, 2)) * (1.0, 0.01)
    figure, axes = plt.subplots(1, 2, sharey=True)
    forms = {
        "Adam, penalty in the loss": (keras.optimizers.Adam(2e-3), 0.1),
        "AdamW, decoupled": (keras.optimizers.AdamW(2e-3, weight_decay=1.0), 0.0),
    }
    for axis, (name, (optimizer, penalty)) in zip(axes, forms.items()):
        path = _path(optimizer, penalty, noise)
        for column, size in enumerate((1, 0.01)):
            axis.plot(path[:, column], label=f"gradients of size {size:g}")
        axis.set(title=name, xlabel="step")
    axes[0].set_ylabel("weight")
    axes[1].legend()
    return figure


def _path(optimizer, penalty, noise):
    weights = keras.Variable(np.ones(2, "float32"))
    optimizer.build([weights])
    path = []
    for one in noise:
        values = keras.ops.convert_to_numpy(weights)
        path.append(values)
        optimizer.apply([keras.ops.convert_to_tensor(one + penalty * values, "float32")])
    return np.stack(path)
