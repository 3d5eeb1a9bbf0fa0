"""Pictures of a search."""

from typing import Any

from matplotlib.figure import Figure

from kerasrecipes.search.sampler import grid_values

BEST, OTHERS, GRID = "#c8460a", "#0b6e99", "#8a8a8a"


def trials_figure(study: Any, metric: str) -> Any:
    """Return a panel for each setting: the metric of the complete trials by its value."""
    trials = [trial for trial in study.finished() if trial.state.name == "COMPLETE"]
    figure = Figure(figsize=(3.4 * len(study.space) + 0.4, 3.0), layout="constrained")
    panels = figure.subplots(1, len(study.space), squeeze=False, sharey=True).ravel()
    best = study.best()
    for axes, part in zip(panels, study.space):
        _scale(axes, part, "x")
        axes.plot(
            [_shown(part, trial) for trial in trials], [trial.value for trial in trials],
            "o", color=OTHERS, alpha=0.7,
        )  # fmt: skip
        axes.plot(_shown(part, best), best.value, "o", color=BEST, markersize=9, label="best")
        if not part.choices:
            axes.set_xlim(part.at(-0.05), part.at(1.05))
        axes.set_xlabel(part.name)
        axes.grid(alpha=0.25)
    panels[0].set_ylabel(metric)
    panels[0].legend(frameon=False)
    return figure


def layouts_figure(study: Any, metric: str) -> Any:
    """Return the trials beside a grid of as many, over two settings; `None` for fewer than two.

    Marks along the axes show how many values of each setting are tried.

    Reference: Bergstra & Bengio (2012), https://jmlr.org/papers/v13/bergstra12a.html, figure 1.
    """
    numbers = [part for part in study.space if not part.choices][:2]
    if len(numbers) < 2:
        return None
    first, second = numbers
    trials = study.finished()
    complete = [trial for trial in trials if trial.state.name == "COMPLETE"]
    figure = Figure(figsize=(8.6, 4.0), layout="constrained")
    left, right = figure.subplots(1, 2, sharex=True, sharey=True)
    values = grid_values(numbers, len(trials))
    points = [(x, y) for x in values[0] for y in values[1]]
    left.plot(*zip(*points), "s", color=GRID)
    _marks(left, values[0], values[1], GRID)
    left.set_title(f"a grid of {len(points)}: {len(values[0])} values of each", fontsize=10)
    tried = [[trial.params[part.name] for trial in trials] for part in numbers]
    right.plot(*tried, "o", color=GRID, markersize=4, label="stopped early or failed")
    _marks(right, *tried, OTHERS)
    shown = [[trial.params[part.name] for trial in complete] for part in numbers]
    dots = right.scatter(*shown, c=[trial.value for trial in complete], s=50, zorder=3)
    figure.colorbar(dots, label=metric)
    distinct = len(set(tried[0]))
    right.set_title(f"this search of {len(trials)}: {distinct} values of each", fontsize=10)
    for axes in (left, right):
        _scale(axes, first, "x")
        _scale(axes, second, "y")
        axes.set_xlabel(first.name)
    left.set_ylabel(second.name)
    if len(complete) < len(trials):
        right.legend(fontsize=8, loc="upper right")
    return figure


def _scale(axes, part, side):
    if part.log:
        getattr(axes, f"set_{side}scale")("log")


def _marks(axes, horizontal, vertical, color):
    """Draw a mark on each axis for each value that is tried."""
    axes.plot(
        horizontal, [0.0] * len(horizontal), "|", color=color, markersize=14, clip_on=False,
        transform=axes.get_xaxis_transform(),
    )  # fmt: skip
    axes.plot(
        [0.0] * len(vertical), vertical, "_", color=color, markersize=14, clip_on=False,
        transform=axes.get_yaxis_transform(),
    )  # fmt: skip


def _shown(part, trial):
    value = trial.params[part.name]
    return str(value) if part.choices else value
