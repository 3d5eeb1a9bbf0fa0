"""The picture of inputs with their labels."""

import numpy as np

COLUMNS = 6


def label_figure(pictures):
    """A grid of images as the network gets them, each under its label.

    Args:
        pictures: pairs of an array (height, width, 1 or 3) and a string.
    """
    from matplotlib.figure import Figure

    rows = -(-len(pictures) // COLUMNS)
    figure = Figure(figsize=(1.5 * COLUMNS, 1.75 * rows + 0.4), layout="constrained")
    figure.suptitle("Does each label match its image?")
    for axes in figure.subplots(rows, COLUMNS, squeeze=False).flat:
        axes.set_axis_off()
    for axes, (image, label) in zip(figure.axes, pictures):
        axes.imshow(_displayed(image), cmap="gray", vmin=0, vmax=1)
        axes.set_title(label, fontsize=8)
    return figure


def _displayed(image):
    """Stretch an image, normalised in whatever way, to [0, 1]."""
    image = np.nan_to_num(np.asarray(image, "float64"))
    low, high = np.percentile(image, (0.5, 99.5))
    image = np.clip((image - low) / max(high - low, 1e-12), 0, 1)
    return image[..., 0] if image.shape[-1] == 1 else image
