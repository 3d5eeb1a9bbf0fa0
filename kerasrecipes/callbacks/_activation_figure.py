"""The picture of `ActivationStatistics`."""

import numpy as np

MOST_HISTOGRAMS = 10
LINES = (
    ("std", "standard deviation", "C0"),
    ("gradient", "size of the gradient", "C3"),
)
SHARES = (("zeros", "zero", "C7"), ("dead", "dead units", "k"), ("saturated", "saturated", "C1"))


def activation_figure(record, diagnosis, epoch):
    """A histogram for each layer (evenly picked if many), and every figure by layer.

    Args:
        record: {layer's name: `LayerStatistics`}.
        diagnosis: {layer's name: string}.
        epoch: integer, epochs done.
    """
    from matplotlib.figure import Figure

    names = list(record)
    count = min(len(names), MOST_HISTOGRAMS)
    picked = [names[i] for i in np.linspace(0, len(names) - 1, count).round().astype(int)]
    figure = Figure(figsize=(max(7, 1.5 * count), 5.5), layout="constrained")
    histograms, lines = figure.subfigures(2, 1, height_ratios=(2, 3))
    histograms.suptitle(f"Outputs of each layer after {epoch} epochs")
    # One range for all: outputs that collapse from layer to layer are seen to.
    low = min(layer.edges[0] for layer in record.values())
    high = max(layer.edges[-1] for layer in record.values())
    for axes, name in zip(np.atleast_1d(histograms.subplots(1, count)), picked):
        _draw_histogram(axes, name, record[name], diagnosis[name])
        axes.set_xlim(low, high)
        axes.set_xticks([low, high], [f"{low:.2g}", f"{high:.2g}"])
    sizes, shares = lines.subplots(1, 2)
    x = np.arange(1, len(names) + 1)
    for field, label, color in LINES:
        values = np.array([getattr(record[name], field) for name in names])
        values = np.where(values > 0, values, np.nan)
        sizes.plot(x, values, "o-", ms=3, color=color, label=label)
    sizes.set(yscale="log", xlabel="layer", title="Signal forward, gradient backward")
    for field, label, color in SHARES:
        values = [getattr(record[name], field) for name in names]
        shares.plot(x, values, "o-", ms=3, color=color, label=label)
    shares.set(ylim=(-0.03, 1.03), xlabel="layer", title="Fraction of the outputs")
    for axes in (sizes, shares):
        axes.legend()
        axes.grid(alpha=0.3)
    return figure


def _draw_histogram(axes, name, layer, verdict):
    color = "C2" if verdict == "fine" else "C3"
    axes.stairs(layer.counts, layer.edges, fill=True, color=color, alpha=0.7)
    axes.set_title(f"{name}\n{verdict}", fontsize=8, color="k" if verdict == "fine" else color)
    axes.set_xlabel(f"{layer.mean:.2g} ± {layer.std:.2g}", fontsize=8)
    axes.set_yticks([])
    axes.tick_params(labelsize=7)
