"""What becomes of a quantity from layer to layer of a network."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator

DECADES = 7  # each way; what is beyond is drawn at the edge
BAND = 10.0
COLORS = ("black", "#56B4E9", "#D55E00", "#E69F00", "#CC79A7", "#009E73", "#F0E442", "#0072B2")
STYLES = ("-", "-", "-", "-", "--", "-", "-.", ":")
WIDTHS = (2, 2, 2, 6, 2.5, 2.5, 2, 3.5)  # lines that coincide are all seen


class DepthCurve(NamedTuple):
    """A quantity by layer, as a multiple of a healthy one.

    Attributes:
        values: floats, one a layer.
        marked: bools, one a layer, whether to draw a cross.
    """

    values: Any
    marked: Any


def depth_figure(
    panels: Mapping[str, Mapping[str, Mapping[str, DepthCurve]]],
    title: str,
    ylabel: str,
    first_layer: int = 1,
    mark: str = "",
) -> Any:
    """Return a figure with a row and a column of panels for each pair of settings.

    A logarithmic axis from 1e-7 to 1e7; 0 is drawn at its lower edge, infinity at the upper one.
    The band within a factor of 10 of 1 is green.

    Args:
        panels: {row: {column: {name: `DepthCurve`}}}, the same names in each panel.
        title: str.
        ylabel: str, what the values are.
        first_layer: int, number of the first value's layer; 0 is the input. Defaults to 1.
        mark: str, what a cross means. Defaults to "", without an entry in the legend.

    Example:

    >>> from kerasrecipes.evaluation import DepthCurve, depth_figure
    >>> curve = DepthCurve([1.0, 0.1, 0.01], [False, False, True])
    >>> figure = depth_figure({"plain": {"tanh": {"small": curve}}}, "Signal", "size")
    >>> figure.axes[0].get_title()
    'tanh'
    """
    columns = list(next(iter(panels.values())))
    figure = Figure(figsize=(2.7 * len(columns), 3.1 * len(panels) + 1.4), layout="constrained")
    grid = figure.subplots(len(panels), len(columns), sharex=True, sharey=True, squeeze=False)
    for row, (heading, by_column) in zip(grid, panels.items()):
        for axes, curves in zip(row, by_column.values()):
            _draw(axes, curves, first_layer)
        row[0].set_ylabel(f"{heading}\n{ylabel}", fontsize=12)
    for top, bottom, name in zip(grid[0], grid[-1], columns):
        top.set_title(name, fontsize=14)
        bottom.set_xlabel("layer (0: the input)" if first_layer == 0 else "layer", fontsize=12)
    names = list(curves)
    entries = [Line2D([], [], **_line(number)) for number in range(len(names))]
    entries.append(Patch(color="#009E73", alpha=0.15))
    names.append("healthy: within a factor of 10")
    if mark:
        entries.append(Line2D([], [], linestyle="", marker="x", color="black", markersize=8))
        names.append(mark)
    figure.legend(entries, names, loc="outside lower center", ncols=5, fontsize=12, handlelength=3)
    figure.suptitle(title, fontsize=15)
    return figure


def _draw(axes, curves, first_layer):
    low, high = 10.0**-DECADES, 10.0**DECADES
    axes.axhspan(1 / BAND, BAND, color="#009E73", alpha=0.15, linewidth=0)
    for number, curve in enumerate(curves.values()):
        values = np.nan_to_num(np.asarray(curve.values, "float64"), nan=high, posinf=high)
        values = np.clip(values, low, high)
        layers = np.arange(first_layer, first_layer + len(values))
        axes.plot(layers, values, **_line(number))
        marked = np.asarray(curve.marked, bool)
        axes.plot(layers[marked], values[marked], "x", color=COLORS[number % 8], markersize=8)
    axes.set_yscale("log")
    axes.set_ylim(low / 2, high * 2)
    exponents = (-DECADES, -4, -2, 0, 2, 4, DECADES)
    words = [f"$10^{{{exponent}}}$" for exponent in exponents]
    words[0], words[-1] = f"0…$10^{{{-DECADES}}}$", f"≥$10^{{{DECADES}}}$"
    words[exponents.index(0)] = "1"
    axes.set_yticks([10.0**exponent for exponent in exponents], words, fontsize=11)
    axes.minorticks_off()
    axes.xaxis.set_major_locator(MaxNLocator(5, integer=True))
    axes.grid(alpha=0.25)


def _line(number):
    place = number % len(COLORS)
    return {"color": COLORS[place], "linestyle": STYLES[place], "linewidth": WIDTHS[place]}
