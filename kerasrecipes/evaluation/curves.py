"""Curves of a training by epoch."""

import itertools
from typing import Any

from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from kerasrecipes.evaluation.figures import TRAINING, VALIDATION

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
