"""Cross-entropy of ten classes with smoothed labels, by the lead of the true class."""

import keras
import numpy as np
from matplotlib import pyplot as plt


def draw():
    """The loss for three strengths: a smoothed one is least at a finite lead."""
    lead = np.linspace(0, 12, 200)
    scores = np.zeros((200, 10), "float32")
    scores[:, 0] = lead
    labels = np.eye(10, dtype="float32")[np.zeros(200, int)]
    figure, axis = plt.subplots()
    for strength in (0.0, 0.1, 0.3):
        loss = keras.losses.CategoricalCrossentropy(
            from_logits=True, label_smoothing=strength, reduction=None
        )
        values = keras.ops.convert_to_numpy(loss(labels, scores))
        least = [int(values.argmin())] if strength else []
        axis.plot(lead, values, "-o", markevery=least, label=f"label_smoothing={strength:g}")
    axis.set(xlabel="score of the true class minus that of each other", ylabel="loss")
    axis.legend()
    return figure
