"""The signal by layer for three scales of weights."""

import keras
import numpy as np
from matplotlib import pyplot as plt

LAYERS = 10


def draw():
    """Standard deviation of the outputs of ten tanh layers."""
    x = np.random.default_rng(0).normal(size=(256, 256)).astype("float32")
    figure, axes = plt.subplots(1, 2, figsize=(7.2, 2.9))
    for std in (0.02, 0.0625, 0.5):
        rng, signal, deviations, full = np.random.default_rng(1), x, [], []
        for _ in range(LAYERS):
            weights = rng.normal(0, std, (256, 256)).astype("float32")
            signal = np.asarray(keras.ops.tanh(signal @ weights))
            deviations.append(signal.std())
            full.append((np.abs(signal) > 0.95).mean())
        label = f"weights of std {std}" + (" (Glorot)" if std == 0.0625 else "")
        axes[0].plot(np.arange(1, LAYERS + 1), deviations, "o-", markersize=3, label=label)
        axes[1].plot(np.arange(1, LAYERS + 1), full, "o-", markersize=3)
    axes[0].set(yscale="log", xlabel="layer", ylabel="std of the outputs")
    axes[0].legend(fontsize=7)
    axes[1].set(xlabel="layer", ylabel="fraction saturated", ylim=(-0.03, 1))
    return figure
