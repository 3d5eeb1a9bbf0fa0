"""Where the snapshots of a training lie."""

import numpy as np
from matplotlib import pyplot as plt

from docs_build.pictures._style import ORANGE
from kerasrecipes import schedules


def draw():
    """The rate of three cycles, with a star at each snapshot."""
    steps, cycles = 900, 3
    rates = schedules.preview(schedules.SnapshotCosine(0.1, steps, cycles), steps)
    ends = np.arange(1, cycles + 1) * steps // cycles - 1
    figure, axis = plt.subplots()
    axis.plot(rates)
    axis.plot(ends, rates[ends], "*", color=ORANGE, markersize=14, label="snapshot")
    axis.set(xlabel="step", ylabel="learning rate")
    axis.legend(loc="upper right")
    return figure
