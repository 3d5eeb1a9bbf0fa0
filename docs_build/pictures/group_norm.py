"""Which values share a mean: batch, group and instance normalisation."""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.patches import Rectangle

from docs_build.pictures._style import BLUE, GREY

IMAGES, CHANNELS, GROUP = 4, 8, 4
SHARED = {
    "batch: one channel,\nall images": lambda image, channel: channel == 5,
    "group: some channels,\none image": lambda image, channel: image == 1 and channel >= GROUP,
    "instance: one channel,\none image": lambda image, channel: image == 1 and channel == 5,
}


def draw():
    """Grids of images by channels, with the cells that are normalised together."""
    figure, axes = plt.subplots(1, 3, figsize=(7.2, 2.6))
    for axis, (title, shared) in zip(axes, SHARED.items()):
        for image, channel in np.ndindex(IMAGES, CHANNELS):
            colour = BLUE if shared(image, channel) else "#e6e9ee"
            axis.add_patch(Rectangle((channel, image), 0.92, 0.92, color=colour))
        axis.set(xlim=(-0.1, CHANNELS), ylim=(IMAGES, -0.1), title=title, aspect="equal")
        axis.set(xticks=[], yticks=[], xlabel="channels", ylabel="images")
        axis.spines[:].set_visible(False)
        axis.xaxis.label.set_color(GREY)
    return figure
