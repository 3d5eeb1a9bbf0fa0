"""The picture of `UpdateRatio`."""

import numpy as np

MOST_NAMES = 20  # in the legend


def update_figure(records, low, high):
    """Return a figure of the ratio of each array of weights by step.

    Args:
        records: {step: {name: ratio}}.
        low: float, the ratio below which updates are small.
        high: float, the ratio above which they are large.
    """
    from matplotlib import colormaps
    from matplotlib.figure import Figure

    names = list(next(iter(records.values())))
    figure = Figure(figsize=(8, 4.5), layout="constrained")
    axes = figure.subplots()
    axes.axhspan(low, high, color="C2", alpha=0.15, label="fine")
    colors = colormaps["viridis"](np.linspace(0, 0.95, len(names)))
    for name, color in zip(names, colors):
        ratios = np.array([record[name] for record in records.values()])
        shown = np.where((ratios > 0) & np.isfinite(ratios), ratios, np.nan)
        axes.plot(list(records), shown, "o-", ms=3, color=color, label=name)
    axes.set(
        yscale="log",
        xlabel="step",
        ylabel="‖update‖ / ‖weights‖",
        title="Updates against the weights, from the first layer (dark) to the last",
    )
    axes.grid(alpha=0.3)
    handles, labels = axes.get_legend_handles_labels()
    if len(names) <= MOST_NAMES:
        figure.legend(handles, labels, loc="outside right upper", fontsize=7)
    return figure
