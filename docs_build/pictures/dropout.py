"""Both forms of dropout: what a unit gives in training, on average, and in testing."""

import keras
import numpy as np
from matplotlib import pyplot as plt

from docs_build.pictures._style import BLUE, GREY, ORANGE
from kerasrecipes.experiment.vanilla_dropout import VanillaDropout


def draw():
    """A unit of output 1 under each form, in 200 steps."""
    figure, axes = plt.subplots(1, 2, sharey=True)
    forms = {"inverted (Keras)": keras.layers.Dropout, "vanilla": VanillaDropout}
    for axis, (name, form) in zip(axes, forms.items()):
        layer = form(0.5, seed=1)
        ones = np.ones((200, 1), "float32")
        drawn = keras.ops.convert_to_numpy(layer(ones, training=True))[:, 0]
        tested = float(layer(ones[:1], training=False)[0, 0])
        axis.plot(drawn, ".", color=GREY, markersize=3, label="training")
        mean = np.cumsum(drawn) / np.arange(1, 201)
        axis.plot(mean, color=BLUE, label="its mean so far")
        axis.axhline(tested, color=ORANGE, label="testing")
        axis.set(title=f"{name}, rate 0.5", xlabel="step", ylim=(-0.2, 2.9))
    axes[0].set_ylabel("output of a unit that has 1")
    axes[1].legend(loc="upper right")
    return figure
