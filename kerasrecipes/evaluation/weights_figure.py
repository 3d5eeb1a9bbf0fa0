"""Histograms of the weights of several networks."""

from typing import Any

import numpy as np
from matplotlib.figure import Figure

from kerasrecipes.evaluation.figures import VALIDATION, shorten

BINS = 61  # odd, so that one is in the middle
NEAR_COLOR = "#c8461e"
SHOWN = 0.999


def near_zero(weights: Any, limit: float) -> float:
    """Return the fraction of weights w with |w| < limit.

    >>> near_zero([0.0, 1e-4, -0.2, 0.3], 1e-3)
    0.5
    """
    return float(np.mean(np.abs(weights) < limit))


def weights_figure(kernels: Any, limit: float, columns: int = 3) -> Any:
    """Return a histogram for each array of weights, all with the same axes.

    The middle bar, in another colour, has the weights about 0. One weight of 1000 at most lies
    beyond the ends of the axis.

    Args:
        kernels: dict from a title to an array of weights.
        limit: float > 0; the titles say which fraction of the weights is nearer to 0 than this.
        columns: int >= 1, panels per row. Defaults to 3.

    Returns:
        A `matplotlib.figure.Figure`.
    """
    columns = min(columns, len(kernels))
    rows = -(-len(kernels) // columns)
    figure = Figure(figsize=(3.3 * columns, 2.3 * rows + 0.3), layout="constrained")
    grid = figure.subplots(rows, columns, sharex=True, sharey=True, squeeze=False)
    sizes = [np.quantile(np.abs(weights), SHOWN) for weights in kernels.values()]
    end = max(*sizes, limit)
    edges = np.linspace(-end, end, BINS + 1)
    for axes, (title, weights) in zip(grid.ravel(), kernels.items()):
        counts, _ = np.histogram(weights, edges)
        colors = [VALIDATION] * BINS
        colors[BINS // 2] = NEAR_COLOR
        axes.bar(edges[:-1], counts / np.size(weights), np.diff(edges), align="edge", color=colors)
        axes.set_yscale("log")
        fraction = f"{near_zero(weights, limit):.0%} within ±{limit:g}"
        axes.set_title(f"{shorten(title, 24)}: {fraction}", fontsize=9, parse_math=False)
        axes.spines[["top", "right"]].set_visible(False)
        axes.tick_params(labelsize=8)
    for axes in grid.ravel()[len(kernels) :]:
        axes.set_axis_off()
    for axes in grid[-1]:
        axes.set_xlabel("weight", fontsize=8)
    for axes in grid[:, 0]:
        axes.set_ylabel("fraction of weights", fontsize=8)
    return figure
