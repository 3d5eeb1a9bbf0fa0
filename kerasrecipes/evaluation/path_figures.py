"""Paths of optimizers over the contours of a function of two numbers, still and moving."""

import io
from typing import Any

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image

LEVELS = 14
GRID = 160
COLUMNS = 3  # panels of a row
FRAMES = 30  # at most one a step
DOTS_PER_INCH = 70
FRAME_MILLISECONDS = 120
LAST_MILLISECONDS = 2500


def paths_figure(panels: Any) -> Any:
    """Return a panel per function, with its contours and the paths of optimizers.

    Args:
        panels: list of (title, function of points `(..., 2)`, limits `(x low, x high, y low, y
            high)`, {name: points `(steps + 1, 2)`}); one name has one colour in all panels.
    """
    return _figure_and_lines(panels)[0]


def paths_gif(panels: Any) -> bytes:
    """Return the same as the bytes of an animated GIF, the paths growing from frame to frame.

    Args:
        panels: as of `paths_figure`.
    """
    figure, lines = _figure_and_lines(panels)
    figure.set_dpi(DOTS_PER_INCH)
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    figure.set_layout_engine("none")  # the axes stay where they are
    most = max(len(path) - 1 for _, _, path in lines)
    images = []
    for count in np.unique(np.linspace(0, most, min(FRAMES, most + 1)).round().astype(int)):
        for line, dot, path in lines:
            shown = path[: count + 1]
            line.set_data(shown[:, 0], shown[:, 1])
            dot.set_data(shown[-1:, 0], shown[-1:, 1])
        canvas.draw()
        picture = Image.fromarray(np.asarray(canvas.buffer_rgba())).convert("RGB")
        images.append(picture.quantize(256, Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE))
    times = [FRAME_MILLISECONDS] * (len(images) - 1) + [LAST_MILLISECONDS]
    stream = io.BytesIO()
    images[0].save(
        stream, format="GIF", save_all=True, append_images=images[1:], duration=times, loop=0
    )
    return stream.getvalue()


def _figure_and_lines(panels):
    """Return the figure, and (line, dot at its end, path) of each path."""
    columns = min(COLUMNS, len(panels))
    rows = -(-len(panels) // columns)
    figure = Figure(figsize=(4.6 * columns, 3.9 * rows + 0.9), layout="constrained")
    grid = figure.subplots(rows, columns, squeeze=False).ravel()
    for axes in grid[len(panels) :]:
        axes.set_axis_off()
    names = list(dict.fromkeys(name for panel in panels for name in panel[3]))
    colors = {name: f"C{number % 10}" for number, name in enumerate(names)}
    lines = []
    for axes, (title, value, limits, paths) in zip(grid, panels):
        _contours(axes, title, value, limits)
        for name, path in paths.items():
            lines.append((*_draw(axes, path, name, colors[name]), path))
    handles = {line.get_label(): line for line, _, _ in lines}
    figure.legend(
        handles.values(), handles.keys(), loc="outside lower center", ncols=min(5, len(names)),
        frameon=False, fontsize=9,
    )  # fmt: skip
    return figure, lines


def _draw(axes, path, name, color):
    """Return the line of a path and the dot at its end."""
    (line,) = axes.plot(
        path[:, 0], path[:, 1], color=color, linewidth=1.4, marker=".", markersize=3, label=name
    )
    (dot,) = axes.plot(*path[-1:].T, "o", color=color, markersize=6, markeredgecolor="white")
    return line, dot


def _contours(axes, title, value, limits):
    x, y = np.meshgrid(np.linspace(*limits[:2], GRID), np.linspace(*limits[2:], GRID))
    height = value(np.stack([x, y], axis=-1))
    height = height - height.min()
    levels = height.max() * np.linspace(0, 1, LEVELS) ** 2
    axes.contourf(x, y, height, levels=levels, cmap="Greys", alpha=0.35)
    axes.contour(x, y, height, levels=levels, colors="#999999", linewidths=0.5)
    axes.set(xlim=limits[:2], ylim=limits[2:])
    axes.set_title(title, fontsize=10)


def rates_figure(rates: Any) -> Any:
    """Return learning rates by step, side by side on one pair of axes.

    Args:
        rates: dict from a name to an array of rates.
    """
    figure = Figure(figsize=(7.0, 3.8), layout="constrained")
    axes = figure.subplots()
    for name, values in rates.items():
        axes.plot(np.arange(len(values)), values, label=name, linewidth=1.6)
    axes.set(xlabel="step", ylabel="learning rate", ylim=(0, None))
    axes.set_title("Learning rate by step", fontsize=10)
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False, fontsize=9)
    return figure
