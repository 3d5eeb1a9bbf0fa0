"""Nine trials on a grid, nine at random, and a second stage around the best."""

import numpy as np
from matplotlib import pyplot as plt

from docs_build.pictures._style import BLUE, GREY, ORANGE
from kerasrecipes.search import Range


def draw():
    """Rates and decays of nine trials each, on logarithmic axes."""
    rate = Range("learning_rate", low=1e-4, high=1.0, log=True)
    decay = Range("weight_decay", low=1e-6, high=1e-2, log=True)
    rng = np.random.default_rng(3)
    thirds = (1 / 6, 1 / 2, 5 / 6)
    grid = np.array([(rate.at(a), decay.at(b)) for a in thirds for b in thirds])
    drawn = np.array([(rate.draw(rng), decay.draw(rng)) for _ in range(9)])
    best = drawn[np.abs(np.log(drawn[:, 0] / 0.03)).argmin()]
    finer = rate.narrowed(best[0], 0.25), decay.narrowed(best[1], 0.25)
    second = np.array([[one.draw(rng) for one in finer] for _ in range(9)])
    figure, axes = plt.subplots(1, 3, sharey=True)
    titles = ("grid: 3 rates tried", "random: 9 rates tried", "then around the best")
    for axis, points, title in zip(axes, (grid, drawn, drawn), titles):
        axis.vlines(points[:, 0], 1e-6, 1e-2, color=GREY, linewidth=0.6)
        axis.loglog(*points.T, "o", color=BLUE)
        axis.set(xlim=(1e-4, 1), ylim=(1e-6, 1e-2), xlabel="learning rate", title=title)
    axes[2].plot(*second.T, "o", color=ORANGE, markersize=4)
    axes[0].set_ylabel("weight decay")
    return figure
