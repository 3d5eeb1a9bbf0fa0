"""Two features, raw and after each method of `layers.Whitening`."""

import numpy as np
from matplotlib import pyplot as plt

from docs_build.pictures._style import BLUE, ORANGE
from kerasrecipes import layers


def draw():
    """Points, with one of them marked, to see whether the cloud is turned."""
    rng = np.random.default_rng(0)
    raw = (rng.normal(size=(600, 2)) @ np.array([[2.5, 1.2], [0.0, 0.5]])).astype("float32")
    raw = np.concatenate([raw, [[6.0, 3.4]]]).astype("float32") + 1
    figure, axes = plt.subplots(1, 4, figsize=(7.2, 2.2))
    for axis, method in zip(axes, ("raw", "center", "pca", "zca")):
        points = raw
        if method != "raw":
            layer = layers.Whitening(method)
            layer.adapt(raw[:-1])
            points = np.asarray(layer(raw))
        axis.scatter(*points.T, s=3, color=BLUE, alpha=0.4)
        axis.scatter(*points[-1], s=40, color=ORANGE)
        limit = 9 if method in ("raw", "center") else 4.5
        axis.set(title=method, xlim=(-limit, limit), ylim=(-limit, limit), aspect="equal")
    return figure
