"""Which stages train in which phase."""

from matplotlib import pyplot as plt
from matplotlib.patches import Rectangle

from docs_build.pictures._style import ORANGE

PARTS = ["stage 1", "stage 2", "stage 3", "stage 4", "head"]
PHASES = {'Phase("head", ...)': 1, "Phase(1, ...)": 2, "Phase(3, ...)": 4}


def draw():
    """A row for each phase, a box for each part: coloured where it trains."""
    figure, axis = plt.subplots(figsize=(7.2, 2.4))
    for row, trained in enumerate(PHASES.values()):
        for column, part in enumerate(PARTS):
            trains = column >= len(PARTS) - trained
            colour = ORANGE if trains else "#dfe3ea"
            axis.add_patch(Rectangle((column, row), 0.94, 0.8, color=colour))
            axis.text(column + 0.47, row + 0.4, part, ha="center", va="center",
                      color="white" if trains else "#555", fontsize=8)  # fmt: skip
    axis.set(xlim=(0, len(PARTS)), ylim=(len(PHASES), -0.1))
    axis.set_yticks([row + 0.4 for row in range(len(PHASES))], list(PHASES))
    axis.set_xticks([])
    axis.spines[:].set_visible(False)
    axis.grid(False)
    axis.set_title("orange: trains; grey: frozen, with its statistics", fontsize=9)
    return figure
