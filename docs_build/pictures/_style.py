"""What all pictures share: size, colours, grid."""

import matplotlib.pyplot as plt

BLUE, ORANGE, GREEN, GREY = "#1f5fa8", "#d9671b", "#3a8a4d", "#8a8f98"
SETTINGS = {
    "figure.figsize": (7.2, 2.7),
    "figure.dpi": 110,
    "savefig.dpi": 110,
    "figure.constrained_layout.use": True,
    "font.size": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.alpha": 0.25,
    "axes.prop_cycle": plt.cycler(color=[BLUE, ORANGE, GREEN, GREY]),
}


def pictures(columns, rows=1, height=None):
    """Return a figure and its axes, for images: without ticks and frames."""
    size = (7.2, height or 7.2 * rows / columns + 0.3)
    figure, axes = plt.subplots(rows, columns, figsize=size, squeeze=False)
    for axis in axes.flat:
        axis.axis("off")
    return figure, axes
