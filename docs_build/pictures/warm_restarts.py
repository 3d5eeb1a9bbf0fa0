"""The rate of SGDR."""

import matplotlib.pyplot as plt
import numpy as np

from docs_build.pictures._style import ORANGE
from kerasrecipes import schedules

STEPS = 20  # an epoch


def draw():
    """The rate over three cycles, with a line at each restart."""
    rates = schedules.preview(schedules.WarmRestarts(0.1, 10 * STEPS), 70 * STEPS)
    figure, axis = plt.subplots()
    axis.plot(np.arange(len(rates)) / STEPS, rates)
    for end in (10, 30, 70):
        axis.axvline(end, color=ORANGE, linestyle=":", linewidth=1)
        axis.annotate(
            f"cycle ends: {end}", (end, 0.1), (-3, 3), textcoords="offset points", ha="right"
        )
    axis.set(xlabel="epoch", ylabel="learning rate", xlim=(0, 71), ylim=(0, 0.112))
    return figure
