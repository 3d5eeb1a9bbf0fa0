"""Maxout as the maximum of lines."""

import numpy as np
from matplotlib import pyplot as plt

from docs_build.pictures._style import GREY, ORANGE

UNITS = {
    "two pieces: ReLU": ([0, 1], [0, 0]),
    "three pieces": ([-1.2, 0.1, 1.5], [-0.8, 0.3, -1.0]),
    "six pieces: a parabola": (np.linspace(-3.4, 3.4, 6), -(np.linspace(-3.4, 3.4, 6) ** 2) / 4),
}


def draw():
    """The pieces in grey, their maximum in colour."""
    x = np.linspace(-2, 2, 401)
    figure, axes = plt.subplots(1, 3, figsize=(7.2, 2.3))
    for axis, (title, (slopes, offsets)) in zip(axes, UNITS.items()):
        lines = np.multiply.outer(slopes, x) + np.asarray(offsets)[:, None]
        axis.plot(x, lines.T, color=GREY, linewidth=0.8)
        axis.plot(x, lines.max(axis=0), color=ORANGE, linewidth=2.2)
        axis.set(title=title, ylim=(-1.5, 4))
    return figure
