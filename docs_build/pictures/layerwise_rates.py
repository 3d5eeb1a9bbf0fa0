"""Factors of the stages by decay."""

import numpy as np
from matplotlib import pyplot as plt

STAGES = ["head", "stage 5", "stage 4", "stage 3", "stage 2", "stage 1"]


def draw():
    """A bar for each stage and decay, on a logarithmic axis."""
    figure, axis = plt.subplots()
    for place, decay in enumerate((0.7, 0.5, 0.3)):
        factors = decay ** np.arange(len(STAGES))
        axis.bar(np.arange(len(STAGES)) + 0.27 * (place - 1), factors, 0.25, label=f"decay {decay}")
    axis.set(yscale="log", ylabel="factor of the rate", ylim=(1e-3, 1.5))
    axis.set_xticks(np.arange(len(STAGES)), STAGES)
    axis.legend()
    return figure
