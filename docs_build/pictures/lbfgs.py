"""Gradient descent and L-BFGS in a narrow valley."""

import numpy as np
from matplotlib import pyplot as plt
from scipy.optimize import minimize

from docs_build.pictures._style import BLUE, ORANGE

CURVATURE = np.array([1.0, 25.0])
START = np.array([-9.0, 2.0])


def draw():
    """The paths of both, on the contours of a quadratic."""
    descent = [START]
    for _ in range(60):
        descent.append(descent[-1] - 0.074 * CURVATURE * descent[-1])
    steps = [START]
    minimize(lambda w: 0.5 * (CURVATURE * w**2).sum(), START, jac=lambda w: CURVATURE * w,
             method="L-BFGS-B", callback=steps.append)  # fmt: skip
    x, y = np.meshgrid(np.linspace(-10, 3, 200), np.linspace(-2.5, 2.5, 200))
    figure, axis = plt.subplots()
    bowl = 0.5 * (CURVATURE[0] * x**2 + CURVATURE[1] * y**2)
    axis.contour(x, y, bowl, np.geomspace(0.5, 90, 9), colors="#c5cad3", linewidths=0.8)
    axis.plot(*np.transpose(descent), ".-", color=BLUE, lw=0.7, ms=3, label="60 steps of descent")
    label = f"{len(steps) - 1} steps of L-BFGS"
    axis.plot(*np.transpose(steps), "o-", color=ORANGE, lw=1.5, ms=5, label=label)
    axis.legend(loc="lower right")
    axis.grid(False)
    return figure
