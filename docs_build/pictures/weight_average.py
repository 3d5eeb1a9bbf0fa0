"""Weights on the slopes of a valley, and their mean."""

import numpy as np
from matplotlib import pyplot as plt

from docs_build.pictures._style import BLUE, ORANGE


def draw():
    """A valley with the weights of eight epochs at its rim."""
    x, y = np.meshgrid(np.linspace(-3, 3, 200), np.linspace(-1.8, 1.8, 200))
    rng = np.random.default_rng(3)
    angles = np.linspace(0, 2 * np.pi, 9)[:-1] + rng.normal(0, 0.25, 8)
    weights = np.stack([2.1 * np.cos(angles), 1.05 * np.sin(angles)], axis=1)
    figure, axis = plt.subplots(figsize=(7.2, 3.2))
    valley = (x**2 / 4 + y**2) ** 1.5
    axis.contour(x, y, valley, np.geomspace(0.05, 6, 9), colors="#c5cad3", linewidths=0.8)
    axis.plot(*weights.T, "o--", color=BLUE, linewidth=0.6, label="ends of epochs")
    axis.plot(*weights.mean(axis=0), "*", color=ORANGE, markersize=16, label="their mean")
    axis.legend(loc="upper right")
    axis.grid(False)
    return figure
