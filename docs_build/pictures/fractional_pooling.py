"""The regions of fractional pooling on a photo."""

import numpy as np
from keras import ops as keras_ops

from docs_build.pictures._images import photo
from docs_build.pictures._style import pictures
from kerasrecipes import ops

SIDE, OUT = 36, 25


def draw():
    """Regions 2x2, pseudo-random and shuffled."""
    image = photo("flower", 360)
    rng = np.random.default_rng(3)
    even = np.arange(0, SIDE + 1, 2)
    pseudo = [_boundaries(u) for u in (0.3, 0.8)]
    random = [np.cumsum([0, *rng.permutation(np.diff(_boundaries(0.3)))]) for _ in range(2)]
    kinds = {
        "2x2: 18 x 18": [even, even],
        "pseudo-random: 25 x 25": pseudo,
        "random: 25 x 25": random,
    }
    figure, axes = pictures(3)
    for axis, (title, (rows, columns)) in zip(axes.flat, kinds.items()):
        axis.imshow(image)
        scale = len(image) / SIDE
        axis.hlines(rows * scale - 0.5, -0.5, len(image) - 0.5, color="white", linewidth=0.8)
        axis.vlines(columns * scale - 0.5, -0.5, len(image) - 0.5, color="white", linewidth=0.8)
        axis.set_title(title)
    return figure


def _boundaries(u):
    return keras_ops.convert_to_numpy(ops.fractional_boundaries(SIDE, OUT, u=u))
