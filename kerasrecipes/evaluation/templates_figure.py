"""The weights of linear classifiers as images."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from kerasrecipes.evaluation.figures import shorten

MOST_CLASSES = 12


def templates_figure(kernels: Any, class_names: Sequence[str], shape: Any) -> Any:
    """Return a picture of the template of each class: what a linear classifier multiplies with.

    Pixels in red speak for the class, blue ones against it; templates of colour images have the
    colours that speak for it. Each template has its own scale.

    Args:
        kernels: dict from the name of a classifier to its kernel `(pixels, classes)`.
        class_names: Strings; the first 12 classes are shown.
        shape: `(height, width, channels)` of the images.

    Returns:
        Matplotlib figure.

    Example:

    >>> import numpy as np
    >>> from kerasrecipes import evaluation
    >>> kernels = {"softmax": np.zeros((16, 2))}
    >>> figure = evaluation.templates_figure(kernels, ["cat", "dog"], (4, 4, 1))
    >>> [axes.get_title() for axes in figure.axes[:2]]
    ['cat', 'dog']
    """
    names = list(class_names)[:MOST_CLASSES]
    figure = Figure(
        figsize=(1.2 * len(names) + 0.9, 1.4 * len(kernels) + 0.3), layout="constrained"
    )
    grid = figure.subplots(len(kernels), len(names), squeeze=False)
    for number, (row, (title, kernel)) in enumerate(zip(grid, kernels.items())):
        for axes, name, template in zip(row, names, np.transpose(kernel)):
            image = template.reshape(shape)
            largest = abs(image).max() or 1.0
            if shape[-1] == 1:
                axes.imshow(image[..., 0], cmap="RdBu_r", vmin=-largest, vmax=largest)
            else:
                axes.imshow(0.5 + 0.5 * image / largest)
            axes.set(xticks=[], yticks=[])
            axes.set_frame_on(False)
            if number == 0:
                axes.set_title(shorten(name, 14), fontsize=8, parse_math=False)
        row[0].set_ylabel(title, fontsize=9, parse_math=False)
    return figure
