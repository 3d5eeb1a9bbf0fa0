"""Reliability before and after the temperature."""

import numpy as np
from matplotlib import pyplot as plt

from docs_build.pictures._style import GREY
from kerasrecipes import inference


def draw():
    """Scores that are three times too large, and the same after `fit_temperature`."""
    rng = np.random.default_rng(0)
    scores = rng.normal(0, 1.3, (6000, 10))
    labels = np.array([rng.choice(10, p=p) for p in _softmax(scores)])
    probabilities = _softmax(3 * scores)
    temperature = inference.fit_temperature(probabilities, labels)
    shown = {
        "before": probabilities,
        f"temperature {temperature:.2f}": probabilities ** (1 / temperature),
    }
    figure, axes = plt.subplots(1, 2, figsize=(7.2, 3), sharey=True)
    for axis, (title, values) in zip(axes, shown.items()):
        values = values / values.sum(axis=1, keepdims=True)
        count, confidence, accuracy = inference.reliability(values, labels, bins=10)
        keep = count > 0
        axis.bar(np.asarray(confidence)[keep], np.asarray(accuracy)[keep], 0.07)
        axis.plot([0, 1], [0, 1], "--", color=GREY)
        error = inference.expected_calibration_error(values, labels)
        axis.set(title=f"{title}: error {error:.3f}", xlabel="confidence", xlim=(0, 1), ylim=(0, 1))
    axes[0].set(ylabel="accuracy")
    return figure


def _softmax(scores):
    powers = np.exp(scores - scores.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)
