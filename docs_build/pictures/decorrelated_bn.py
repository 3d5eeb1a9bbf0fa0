"""Two channels: raw, standardised, decorrelated."""

import keras
import numpy as np
from matplotlib import pyplot as plt

from docs_build.pictures._style import BLUE
from kerasrecipes import layers


def draw():
    """The same 600 positions, of two channels that go together."""
    rng = np.random.default_rng(0)
    raw = rng.normal(size=(600, 2)) @ np.array([[3.0, 1.1], [0.0, 0.5]]) + [4, -2]
    raw = raw.astype("float32")
    shown = {"raw": raw}
    for title, layer in (
        ("batch normalisation", keras.layers.BatchNormalization()),
        ("decorrelated", layers.DecorrelatedBatchNormalization(group_size=2)),
    ):
        shown[title] = np.asarray(layer(raw, training=True))
    figure, axes = plt.subplots(1, 3, figsize=(7.2, 2.7))
    for axis, (title, points) in zip(axes, shown.items()):
        axis.scatter(*points.T, s=3, color=BLUE, alpha=0.5)
        axis.set(title=title, xlabel="channel 1", ylabel="channel 2")
        middle, limit = points.mean(axis=0), 10 if title == "raw" else 4
        axis.set(xlim=middle[0] + np.array([-limit, limit]), aspect="equal")
        axis.set(ylim=middle[1] + np.array([-limit, limit]))
    return figure
