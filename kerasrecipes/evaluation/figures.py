"""Figures of a run, as functions that return a Matplotlib figure."""

import io
import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from kerasrecipes._printable import printable

TRAINING, VALIDATION = "#8a8a8a", "#0b6e99"
COLORS = ("#c4601d", VALIDATION, "#5b8c2a", "#7b4fa3")


def history_figure(history: Any, watched: str = "validation") -> Any:
    """Return curves of loss, accuracy and learning rate by epoch, for training and validation.

    Args:
        history: dict of lists, one value per epoch, as in Keras's `History`.
        watched: str, the name of the set of the keys `val_...`. Defaults to `"validation"`.

    Returns:
        A `matplotlib.figure.Figure`.

    Example:

    >>> from kerasrecipes.evaluation import figure_png, history_figure
    >>> history = {"loss": [2.0, 1.0], "val_loss": [2.1, 1.5], "accuracy": [0.4, 0.6]}
    >>> figure = history_figure(history)
    >>> [axes.get_title() for axes in figure.axes], figure_png(figure)[1:4]
    (['loss', 'accuracy'], b'PNG')
    """
    panels = _panels(history)
    columns = min(max(len(panels), 1), 3)
    rows = max(1, -(-len(panels) // columns))
    figure = Figure(figsize=(4.2 * columns, 3.4 * rows), layout="constrained")
    grid = figure.subplots(rows, columns, squeeze=False).ravel()
    for axes, (title, names) in zip(grid, panels.items()):
        _curves(axes, history, title, names, watched)
    for axes in grid[len(panels) :]:
        axes.set_axis_off()
    return figure


def _panels(history):
    """Return {title: {label: name in `history`}}: several outputs share the panel of a metric.

    >>> _panels({"loss": [], "a_loss": [], "b_loss": [], "a_accuracy": [], "b_accuracy": []})
    {'loss': {'a': 'a_loss', 'b': 'b_loss'}, 'accuracy': {'a': 'a_accuracy', 'b': 'b_accuracy'}}
    """
    names = [name for name in history if not name.startswith("val_")]
    outputs = [name.removesuffix("_loss") for name in names if name.endswith("_loss")]
    panels = {"loss": {}}
    for name in sorted(names, key=lambda name: name.startswith("learning_rate")):
        output = next((one for one in outputs if name.startswith(f"{one}_")), "")
        title = name.removeprefix(f"{output}_") if output else name
        if name.startswith("learning_rate"):
            title, output = "learning_rate", name.removeprefix("learning_rate").lstrip("_")
        if name != "loss" or len(outputs) < 2:  # the sum of the losses says nothing of each
            panels.setdefault(title, {})[output.replace("_", " ")] = name
    return {title.replace("_", " "): names for title, names in panels.items() if names}


def _curves(axes, history, title, names, watched):
    axes.set_title(title, fontsize=10)
    axes.set_xlabel("epoch")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.grid(alpha=0.25)
    axes.spines[["top", "right"]].set_visible(False)
    for label, key, style in _series(history, names, watched):
        marker = "o" if len(history[key]) < 3 else None
        epochs = range(1, len(history[key]) + 1)
        axes.plot(epochs, history[key], label=label, marker=marker, **style)
    lengths = [len(history[name]) for name in names.values()]
    if max(lengths) == 1:
        axes.set_xticks([1])
    if title == "learning rate" and min(min(history[n], default=0) for n in names.values()) > 0:
        axes.set_yscale("log")
    if len(axes.lines) > 1:
        axes.legend(frameon=False, fontsize=9)


def _series(history, names, watched):
    """Yield (label, key, style): one colour a network, its training curve thin and dashed."""
    if len(names) == 1:
        (name,) = names.values()
        yield "training", name, {"color": TRAINING}
        if f"val_{name}" in history:
            yield watched, f"val_{name}", {"color": VALIDATION}
        return
    for color, (label, name) in zip(itertools.cycle(COLORS), names.items()):
        if f"val_{name}" in history:
            yield f"{label}, {watched}", f"val_{name}", {"color": color}
            yield f"{label}, training", name, {"color": color, "ls": "--", "lw": 0.9}
        else:
            yield label, name, {"color": color}


def image_grid(images: Any, captions: Any, title: Any = None, columns: int = 8) -> Any:
    """Return a grid of images with a caption each.

    Args:
        images: Array `(images, height, width, channels)` in 0..255, one or three channels.
        captions: Strings, one per image.
        title: str or `None`.
        columns: int, images per row at most. Defaults to 8.

    Returns:
        A `matplotlib.figure.Figure`.
    """
    columns = max(1, min(columns, len(images)))
    rows = max(1, -(-len(images) // columns))
    width = max(1.45 * columns, 0.075 * len(title or ""))
    figure = Figure(figsize=(width, 1.75 * rows + 0.5), layout="constrained")
    grid = figure.subplots(rows, columns, squeeze=False).ravel()
    for axes in grid:
        axes.set_axis_off()
    for axes, image, caption in zip(grid, images, captions):
        _show(axes, image)
        axes.set_title(caption, fontsize=7.5, parse_math=False)
    if title:
        figure.suptitle(title, fontsize=11)
    return figure


def confusion_figure(matrix: Any, class_names: Sequence[str]) -> Any:
    """Return the confusion matrix as a figure; the diagonal holds the correct predictions.

    With up to 20 classes the counts are written; with more, a logarithmic colour scale shows them.
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
    accuracy = np.trace(matrix) / max(matrix.sum(), 1)
    axes.set_title(f"{matrix.sum()} test images, accuracy {accuracy:.1%}", fontsize=10)
    return figure


def _write_counts(axes, matrix):
    dark = max(matrix.max(), 1) ** 0.6
    for row, column in np.argwhere(matrix > 0):
        color = "white" if matrix[row, column] > dark else "black"
        count = str(matrix[row, column])
        axes.text(column, row, count, ha="center", va="center", fontsize=8, color=color)


def calibration_figure(reliability: Any) -> Any:
    """Return a reliability diagram: accuracy by confidence, above the counts of the bins.

    Args:
        reliability: Result of `inference.reliability`.
    """
    count, _, accuracy = reliability
    bins = len(count)
    centres = (np.arange(bins) + 0.5) / bins
    figure = Figure(figsize=(4.6, 5.4), layout="constrained")
    axes, below = figure.subplots(2, 1, sharex=True, height_ratios=(3, 1))
    axes.plot([0, 1], [0, 1], color=TRAINING, linestyle="--", linewidth=1, label="perfect")
    axes.bar(
        centres, np.nan_to_num(accuracy), width=0.94 / bins, color=VALIDATION, label="accuracy"
    )
    axes.set(ylabel="accuracy", xlim=(0, 1), ylim=(0, 1))
    axes.legend(frameon=False, fontsize=9, loc="upper left")
    below.bar(centres, count, width=0.94 / bins, color=TRAINING)
    below.set(xlabel="probability of the predicted class", ylabel="images")
    for part in (axes, below):
        part.spines[["top", "right"]].set_visible(False)
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


def label_scores_figure(scores: Any, names: Sequence[str]) -> Any:
    """Return a bar chart of scores in 0..1 by label, the first score in descending order.

    Args:
        scores: dict from a name to a list of numbers or `None`, one per label.
        names: Strings, the labels.
    """
    first = next(iter(scores.values()))
    order = sorted(range(len(names)), key=lambda place: -(first[place] or 0))
    figure = Figure(figsize=(7.0, 1.3 + 0.32 * len(names)), layout="constrained")
    axes = figure.subplots()
    height = 0.8 / len(scores)
    for place, ((name, values), color) in enumerate(zip(scores.items(), (VALIDATION, TRAINING))):
        rows = np.arange(len(names)) + (place - (len(scores) - 1) / 2) * height
        widths = [values[label] or 0 for label in order]
        axes.barh(rows, widths, height * 0.92, color=color, label=name.replace("_", " "))
    shown = [shorten(names[label], 28) for label in order]
    axes.set_yticks(range(len(names)), shown, fontsize=8, parse_math=False)
    axes.invert_yaxis()
    axes.set(xlim=(0, 1))
    axes.spines[["top", "right"]].set_visible(False)
    figure.legend(loc="outside upper center", ncols=len(scores), frameon=False, fontsize=9)
    return figure


def scatter_figure(predictions: Any, labels: Any, names: Sequence[str]) -> Any:
    """Return predicted against true numbers, a panel for each of the targets.

    Args:
        predictions, labels: Arrays `(images, targets)`.
        names: Strings, the targets.
    """
    columns = min(3, len(names))
    rows = -(-len(names) // columns)
    figure = Figure(figsize=(4.2 * columns, 4.2 * rows), layout="constrained")
    grid = figure.subplots(rows, columns, squeeze=False).ravel()
    for axes in grid[len(names) :]:
        axes.set_axis_off()
    for axes, name, predicted, true in zip(grid, names, np.transpose(predictions), labels.T):
        ends = [min(predicted.min(), true.min()), max(predicted.max(), true.max())]
        axes.plot(ends, ends, color=TRAINING, linestyle="--", linewidth=1)
        axes.plot(true, predicted, ".", color=VALIDATION, alpha=0.5)
        axes.set(xlabel="true", ylabel="predicted")
        axes.set_title(shorten(name, 34), fontsize=10, parse_math=False)
        axes.spines[["top", "right"]].set_visible(False)
    return figure


def probe_figure(probe: Any) -> Any:
    """Return a bar chart of the accuracy of linear classifiers by stage, shallow to deep.

    Args:
        probe: Result of `transfer.linear_probe`.

    Returns:
        A `matplotlib.figure.Figure`.
    """
    names = [shorten(one.stage, 28) for one in probe.stages]
    figure = Figure(figsize=(7.0, 1.3 + 0.55 * len(names)), layout="constrained")
    axes = figure.subplots()
    accuracies = probe.accuracies()
    colors = {
        "accuracy (fitted)": "#d0d0d0",
        "accuracy (cross-validated)": VALIDATION,
        "accuracy (validation)": TRAINING,
    }
    height = 0.8 / len(accuracies)
    for place, (name, values) in enumerate(accuracies.items()):
        rows = np.arange(len(names)) + (place - (len(accuracies) - 1) / 2) * height
        bars = axes.barh(rows, values, height * 0.92, color=colors[name], label=name)
        axes.bar_label(bars, fmt="%.3f", fontsize=8, padding=3)
    axes.set_yticks(range(len(names)), names, fontsize=8, parse_math=False)
    axes.invert_yaxis()
    axes.set(xlim=(0, 1.09), xlabel="accuracy of a linear classifier")
    axes.set_xticks(np.linspace(0, 1, 6))
    axes.spines[["top", "right"]].set_visible(False)
    figure.legend(loc="outside upper center", ncols=len(accuracies), frameon=False, fontsize=9)
    return figure


def explanation_figure(images: Any, heats: Any, titles: Any, names: Any, columns: int = 4) -> Any:
    """Return images beside themselves under heat maps, such as of `serving.grad_cam`.

    Args:
        images: List of arrays `(height, width, channels)` in 0..255.
        heats: List of arrays `(rows, columns)` in [0, 1], stretched over the images.
        titles: Strings, one per image.
        names: Strings, what each heat map explains.
        columns: int, images per row. Defaults to 4.
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
    """Return a Matplotlib figure as the bytes of a PNG file."""
    stream = io.BytesIO()
    figure.savefig(stream, format="png", dpi=dots_per_inch, facecolor="white")
    return stream.getvalue()
