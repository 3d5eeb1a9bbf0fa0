"""Hinge and softmax loss of two classes by the lead of the true class."""

import numpy as np
from matplotlib import pyplot as plt

from kerasrecipes.losses import MulticlassHinge


def draw():
    """Both losses from a lead of -3 to 4."""
    lead = np.linspace(-3, 4, 200).astype("float32")
    scores = np.stack([lead, np.zeros_like(lead)], axis=1)
    hinge = MulticlassHinge(margin=1.0, reduction=None)(np.zeros(len(lead), "int32"), scores)
    figure, axis = plt.subplots()
    axis.plot(lead, np.asarray(hinge), label="multiclass hinge, margin 1", linewidth=2)
    axis.plot(lead, np.log1p(np.exp(-lead)), label="softmax cross-entropy", linewidth=2)
    axis.set(xlabel="score of the true class minus the other", ylabel="loss")
    axis.legend()
    return figure
