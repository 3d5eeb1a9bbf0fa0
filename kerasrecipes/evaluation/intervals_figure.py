"""A chart of what several techniques reach, with intervals."""

from typing import Any

from matplotlib.figure import Figure

from kerasrecipes.evaluation.figures import TRAINING, VALIDATION, shorten


def intervals_figure(panels: Any) -> Any:
    """Return points with intervals, a panel for each quantity and a row for each technique.

    Args:
        panels: dict from the title of a panel to a dict from the name of a technique to a number or
            a tuple (value, low, high). Rows are in the order in which names first appear; a panel
            may lack some. A panel whose values or intervals reach 0 has a line there.

    Returns:
        A `matplotlib.figure.Figure`.

    Example:

    >>> from kerasrecipes.evaluation import intervals_figure
    >>> accuracy = {"none": (0.81, 0.79, 0.83), "dropout": (0.83, 0.81, 0.85)}
    >>> figure = intervals_figure({"accuracy": accuracy, "loss": {"none": 0.6, "dropout": 0.5}})
    >>> [axes.get_title() for axes in figure.axes]
    ['accuracy', 'loss']
    """
    names = list(dict.fromkeys(name for values in panels.values() for name in values))
    size = (1.6 + 2.9 * len(panels), 1.2 + 0.34 * len(names))
    figure = Figure(figsize=size, layout="constrained")
    grid = figure.subplots(1, len(panels), sharey=True, squeeze=False)[0]
    for axes, (title, values) in zip(grid, panels.items()):
        _panel(axes, names, {name: _interval(value) for name, value in values.items()})
        axes.set_title(title, fontsize=10)
    shown = [shorten(name.replace("_", " "), 30) for name in names]
    grid[0].set_yticks(range(len(names)), shown, fontsize=9, parse_math=False)
    grid[0].set_ylim(len(names) - 0.5, -0.5)
    return figure


def _interval(value):
    """Return (value, low, high); of a plain number the interval is the number."""
    return tuple(value) if isinstance(value, (tuple, list)) else (value, value, value)


def _panel(axes, names, intervals):
    for name, (value, low, high) in intervals.items():
        row = names.index(name)
        axes.plot([low, high], [row, row], color=VALIDATION, linewidth=1.6)
        axes.plot([value], [row], "o", color=VALIDATION, markersize=5)
    bounds = [bound for interval in intervals.values() for bound in interval]
    if bounds and min(bounds) <= 0 <= max(bounds):
        axes.axvline(0, color=TRAINING, linestyle="--", linewidth=1)
    axes.grid(alpha=0.25)
    axes.spines[["top", "right"]].set_visible(False)
    axes.tick_params(labelsize=8)
