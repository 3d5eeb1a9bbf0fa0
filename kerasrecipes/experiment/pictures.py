"""The pictures of a run: functions that return a Matplotlib figure."""

import numpy as np
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

TRAINING, WATCHED = "#8a8a8a", "#0b6e99"


def history_figure(history, watched="validation"):
    """Loss, accuracy and learning rate by epoch, training beside what was watched.

    Args:
        history: Dictionary of lists, one value an epoch, as in Keras's `History`.
        watched: String, the name of the set behind the keys `val_...`.

    Returns:
        A `matplotlib.figure.Figure`.
    """
    names = [name for name in history if not name.startswith("val_") and name != "learning_rate"]
    names.sort(key=lambda name: name != "loss")
    panels = [*names, *(["learning_rate"] if "learning_rate" in history else [])]
    figure = Figure(figsize=(4.2 * max(len(panels), 1), 3.4), layout="constrained")
    for axes, name in zip(figure.subplots(1, max(len(panels), 1), squeeze=False)[0], panels):
        _curves(axes, history, name, watched)
    return figure


def _curves(axes, history, name, watched):
    axes.set_title(name.replace("_", " "), fontsize=10)
    axes.set_xlabel("epoch")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.grid(alpha=0.25)
    axes.spines[["top", "right"]].set_visible(False)
    series = {"training": (name, TRAINING), watched: (f"val_{name}", WATCHED)}
    for label, (key, color) in series.items():
        if key in history:
            values = history[key]
            marker = "o" if len(values) < 3 else None
            axes.plot(range(1, len(values) + 1), values, color=color, label=label, marker=marker)
    if name == "learning_rate":
        if min(history[name], default=0) > 0:
            axes.set_yscale("log")
    elif f"val_{name}" in history:
        axes.legend(frameon=False, fontsize=9)


def samples_figure(images, captions, title=None, columns=8):
    """A grid of images with a caption each.

    Args:
        images: Array `(images, height, width, channels)` in 0..255, one or three channels.
        captions: Strings, one an image.
        title: String or `None`.
        columns: Integer, images in a row. Defaults to 8.

    Returns:
        A `matplotlib.figure.Figure`.
    """
    rows = max(1, -(-len(images) // columns))
    figure = Figure(figsize=(1.45 * columns, 1.75 * rows + 0.5), layout="constrained")
    grid = figure.subplots(rows, columns, squeeze=False).ravel()
    for axes in grid:
        axes.set_axis_off()
    for axes, image, caption in zip(grid, images, captions):
        image = np.clip(np.round(np.asarray(image, "float32")), 0, 255).astype("uint8")
        image = image[..., 0] if image.shape[-1] == 1 else image
        axes.imshow(image, cmap="gray", vmin=0, vmax=255)
        axes.set_title(caption, fontsize=7.5, parse_math=False)
    if title:
        figure.suptitle(title, fontsize=11)
    return figure


def confusion_figure(matrix, class_names):
    """Counts by true and predicted class; the diagonal is what is right.

    Up to 20 classes every count is written; beyond that the colour, on a logarithmic scale, tells.
    """
    classes = len(class_names)
    side = min(max(4.5, 0.55 * classes + 2), 16)
    figure = Figure(figsize=(side + 0.6, side), layout="constrained")
    axes = figure.subplots()
    picture = axes.imshow(
        np.maximum(matrix, 0.5), cmap="Blues", norm=LogNorm(0.5, max(matrix.max(), 1))
    )
    if classes <= 20:
        _write_counts(axes, matrix)
    else:
        figure.colorbar(picture, ax=axes, shrink=0.7, label="images")
    shown = range(classes) if classes <= 60 else range(0, classes, classes // 40)
    names = [shorten(class_names[i], 18) for i in shown]
    axes.set_xticks(
        list(shown), names, rotation=90 if classes > 6 else 0, fontsize=8, parse_math=False
    )
    axes.set_yticks(list(shown), names, fontsize=8, parse_math=False)
    axes.set_xlabel("predicted")
    axes.set_ylabel("true")
    right = np.trace(matrix) / max(matrix.sum(), 1)
    axes.set_title(f"{matrix.sum()} test images, {right:.1%} right", fontsize=10)
    return figure


def _write_counts(axes, matrix):
    dark = max(matrix.max(), 1) ** 0.6
    for row, column in np.argwhere(matrix > 0):
        color = "white" if matrix[row, column] > dark else "black"
        count = str(matrix[row, column])
        axes.text(column, row, count, ha="center", va="center", fontsize=8, color=color)


def shorten(text, length):
    """The beginning of a text that is too long.

    >>> shorten("a very long class name", 11)
    'a very lon…'
    """
    text = text.encode("utf-8", "replace").decode()  # a file system's names may not be UTF-8
    return text if len(text) <= length else text[: length - 1] + "…"
