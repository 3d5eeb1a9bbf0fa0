"""Figures of images, as functions that return a Matplotlib figure, and a figure as a file."""

import io
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from kerasrecipes._png import png_bytes
from kerasrecipes._printable import printable

TRAINING, VALIDATION = "#8a8a8a", "#0b6e99"


def image_grid(images: Any, captions: Any, title: Any = None, columns: int = 8) -> Any:
    """Return a grid of images with a caption each.

    Args:
        images: Array `(images, height, width, channels)` in 0..255, one or three channels.
        captions: Strings, one per image.
        title: str or `None`.
        columns: int, images per row at most. Defaults to 8.

    Returns:
        A `matplotlib.figure.Figure`.

    Example:

    >>> import numpy as np
    >>> from kerasrecipes import evaluation
    >>> figure = evaluation.image_grid(np.zeros((3, 8, 8, 1)), ["cat", "dog", "cat"])
    >>> [axes.get_title() for axes in figure.axes[:3]]
    ['cat', 'dog', 'cat']
    """
    columns = max(1, min(columns, len(images)))
    rows = max(1, -(-len(images) // columns))
    width = max(1.45 * columns, 0.1 * len(title or ""))
    height = 1.75 * rows if len(images) else 0.0
    figure = Figure(figsize=(width, height + 0.5), layout="constrained")
    grid = figure.subplots(rows, columns, squeeze=False).ravel()
    for axes in grid:
        axes.set_axis_off()
    for axes, image, caption in zip(grid, images, captions):
        _show(axes, image)
        axes.set_title(caption, fontsize=7.5, parse_math=False)
    if title:
        figure.suptitle(title, fontsize=11)
    return figure


def predictions_figure(images: Any, predictions: Any, titles: Any, columns: int = 4) -> Any:
    """Return a figure of images, each above a bar chart of its most probable classes.

    Args:
        images: List of arrays `(height, width, channels)` in 0..255.
        predictions: Per image a list of (class name, probability), the most probable first.
        titles: Strings, one per image.
        columns: int, images per row. Defaults to 4.

    Returns:
        A `matplotlib.figure.Figure`.

    Example:

    >>> import numpy as np
    >>> from kerasrecipes import evaluation
    >>> predictions = [[("cat", 0.9), ("dog", 0.1)]]
    >>> figure = evaluation.predictions_figure([np.zeros((8, 8, 3))], predictions, ["a.jpg"])
    >>> figure.axes[0].get_title()
    'a.jpg'
    """
    columns = max(1, min(columns, len(images)))
    rows = max(1, -(-len(images) // columns))
    most = max((len(prediction) for prediction in predictions), default=1)
    height = 2.6 + 0.24 * most
    figure = Figure(figsize=(3.0 * columns, height * rows), layout="constrained")
    grid = figure.subplots(
        2 * rows, columns, squeeze=False, height_ratios=[2.6, 0.24 * most + 0.2] * rows
    )
    for axes in grid.ravel():
        axes.set_axis_off()
    for number, (image, prediction, title) in enumerate(zip(images, predictions, titles)):
        row, column = divmod(number, columns)
        _show(grid[2 * row, column], image)
        grid[2 * row, column].set_title(shorten(title, 34), fontsize=8, parse_math=False)
        _probability_bars(grid[2 * row + 1, column], prediction, most)
    return figure


def _probability_bars(axes, prediction, most):
    places = range(len(prediction))
    axes.barh(places, [1.0] * len(prediction), color="#eeeeee")
    axes.barh(places, [probability for _, probability in prediction], color=VALIDATION, alpha=0.35)
    for place, (name, probability) in zip(places, prediction):
        axes.text(0.01, place, shorten(name, 26), va="center", fontsize=8, parse_math=False)
        axes.text(0.99, place, f"{probability:.1%}", va="center", ha="right", fontsize=8)
    axes.set(xlim=(0, 1), ylim=(most - 0.4, -0.6))


def explanation_figure(images: Any, heats: Any, titles: Any, names: Any, columns: int = 4) -> Any:
    """Return images beside themselves under heat maps, such as of `serving.grad_cam`.

    Args:
        images: List of arrays `(height, width, channels)` in 0..255.
        heats: List of arrays `(rows, columns)` in [0, 1], stretched over the images.
        titles: Strings, one per image.
        names: Strings, what each heat map explains.
        columns: int, images per row. Defaults to 4.

    Returns:
        Matplotlib figure.

    Example:

    >>> import numpy as np
    >>> from kerasrecipes import evaluation
    >>> image, heat = np.zeros((8, 8, 3)), np.ones((2, 2))
    >>> figure = evaluation.explanation_figure([image], [heat], ["a.jpg"], ["cat"])
    >>> [axes.get_title() for axes in figure.axes[:2]]
    ['a.jpg', 'cat']
    """
    columns = max(1, min(columns, len(images)))
    rows = max(1, -(-len(images) // columns))
    figure = Figure(figsize=(3.0 * columns, 1.9 * rows), layout="constrained")
    grid = figure.subplots(rows, 2 * columns, squeeze=False).reshape(-1, 2)
    for axes in grid.ravel():
        axes.set_axis_off()
    for (plain, heated), image, heat, title, name in zip(grid, images, heats, titles, names):
        height, width = image.shape[:2]
        _show(plain, image)
        _show(heated, image)
        edges = (-0.5, width - 0.5, height - 0.5, -0.5)
        heated.imshow(
            heat, cmap="jet", alpha=0.45, vmin=0, vmax=1, extent=edges, interpolation="bilinear"
        )
        plain.set_title(shorten(title, 20), fontsize=8, parse_math=False)
        heated.set_title(shorten(name, 20), fontsize=8, parse_math=False)
    return figure


def _show(axes, image):
    image = np.clip(np.round(np.asarray(image, "float32")), 0, 255).astype("uint8")
    image = image[..., 0] if image.shape[-1] == 1 else image
    axes.imshow(image, cmap="gray", vmin=0, vmax=255)


def shorten(text, length):
    """Return a text, truncated with an ellipsis if it is longer than `length`.

    >>> shorten("a very long class name", 11)
    'a very lon…'
    """
    text = printable(text)
    return text if len(text) <= length else text[: length - 1] + "…"


def figure_png(figure: Any, dots_per_inch: int = 110) -> Any:
    """Return a Matplotlib figure as the bytes of a PNG file, without empty borders.

    Args:
        figure: Matplotlib figure.
        dots_per_inch: int >= 1. Defaults to 110.

    Example:

    >>> import numpy as np
    >>> from kerasrecipes import evaluation
    >>> figure = evaluation.image_grid(np.zeros((1, 8, 8, 1)), ["cat"])
    >>> evaluation.figure_png(figure)[1:4]
    b'PNG'
    """
    stream = io.BytesIO()
    options = {"facecolor": "white", "bbox_inches": "tight", "pad_inches": 0.08}
    figure.savefig(stream, format="png", dpi=dots_per_inch, **options)
    return stream.getvalue()


def image_png(image: Any) -> Any:
    """Return an image as the bytes of a PNG file.

    Args:
        image: Array `(height, width, channels)` in 0..255, one or three channels.

    Example:

    >>> import numpy as np
    >>> from kerasrecipes.evaluation import image_png
    >>> image_png(np.zeros((2, 3, 3)))[1:4]
    b'PNG'
    """
    pixels = np.clip(np.round(np.asarray(image, "float32")), 0, 255).astype("uint8")
    return png_bytes(pixels)
