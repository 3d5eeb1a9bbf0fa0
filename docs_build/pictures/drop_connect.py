"""Masks of dropout and of DropConnect on one kernel."""

import numpy as np

from docs_build.pictures._style import pictures


def draw():
    """A kernel, then what is left of it in one example."""
    rng = np.random.default_rng(2)
    kernel = rng.normal(size=(10, 14))
    inputs = rng.random((10, 1)) < 0.5
    weights = rng.random(kernel.shape) < 0.5
    shown = {
        "weights, inputs in rows": kernel,
        "dropout: inputs": np.where(inputs, kernel, np.nan),
        "DropConnect: weights": np.where(weights, kernel, np.nan),
    }
    figure, axes = pictures(3, height=2.2)
    for axis, (title, values) in zip(axes.flat, shown.items()):
        axis.imshow(values, cmap="PuOr", vmin=-2.5, vmax=2.5)
        axis.set_title(title)
    return figure
