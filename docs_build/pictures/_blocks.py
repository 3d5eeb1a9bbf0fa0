"""A grid of open and closed residual blocks."""

import numpy as np
from matplotlib import pyplot as plt
from matplotlib.patches import Rectangle

from docs_build.pictures._style import BLUE
from kerasrecipes import layers

BLOCKS = 27


def blocks(columns, xlabel, seed):
    """Draw which blocks are open, each column with its own draws by the linear rule."""
    rng = np.random.default_rng(seed)
    rates = layers.linear_drop_rates(BLOCKS, 0.5)
    is_open = rng.random((columns, BLOCKS)) >= rates
    figure, axis = plt.subplots(figsize=(7.2, 3.2))
    for column, block in np.ndindex(columns, BLOCKS):
        colour = BLUE if is_open[column, block] else "#e6e9ee"
        axis.add_patch(Rectangle((column, block), 0.88, 0.8, color=colour))
    axis.set(xlim=(-0.1, columns), ylim=(0, BLOCKS), xlabel=xlabel, ylabel="block")
    axis.set_title("blue: the branch counts")
    axis.grid(False)
    return figure
