"""Weights that circle around a minimum, and their average."""

import matplotlib.pyplot as plt
import numpy as np

from docs_build.pictures._style import BLUE, ORANGE

SCALE = np.array([1.0, 4.0])  # curvature of the bowl


def draw():
    """Descent with noisy gradients on a bowl, and its average with a decay of 0.97."""
    rng = np.random.default_rng(1)
    weights = np.array([-3.0, 2.0])
    average, path, averages = weights, [weights], [weights]
    for _ in range(200):
        weights = weights - 0.15 * (SCALE * weights + rng.normal(0, 2.5, 2))
        average = 0.97 * average + 0.03 * weights
        path.append(weights)
        averages.append(average)
    figure, axis = plt.subplots(figsize=(7.2, 3.2))
    x, y = np.meshgrid(np.linspace(-3.6, 2.6, 200), np.linspace(-2.4, 2.6, 200))
    axis.contour(x, y, SCALE[0] * x**2 + SCALE[1] * y**2, 9, colors="#c5cad3", linewidths=0.8)
    axis.plot(*np.transpose(path), color=BLUE, linewidth=0.7, alpha=0.7, label="weights")
    axis.plot(*np.transpose(averages), color=ORANGE, linewidth=2.2, label="their average")
    axis.plot(0, 0, "k+", markersize=12, label="minimum")
    axis.legend(loc="lower right")
    axis.grid(False)
    return figure
