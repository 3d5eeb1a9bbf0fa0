"""Temperature scaling: calibration by one scalar."""

import math
from typing import Any

import numpy as np

from kerasrecipes._validation import check_boolean
from kerasrecipes._warning import warn
from kerasrecipes.inference._outcomes import checked_outcomes

TOLERANCE, ITERATIONS = 1e-10, 200


def fit_temperature(probabilities: Any, labels: Any, from_logits: bool = False) -> float:
    """Return the temperature T > 0 that minimises the loss of softmax(z / T).

    ```
    loss(T) = -mean log softmax(z / T)[label],   z = log p
    ```

    The loss is convex in 1 / T: a safeguarded Newton iteration in float64 finds its only minimum.
    Fit it on validation data, not on training data. The predicted classes do not change, only
    their confidence. Use it with `layers.TemperatureScaling`.

    Args:
        probabilities: array `(examples, classes)`, rows that sum to 1, or logits.
        labels: int array `(examples,)`.
        from_logits: bool, whether these are logits z and not probabilities. Defaults to
            `False`.

    Returns:
        float. It is 1.0, with a warning, if the loss has no minimum: if every example is correct
        (the loss decreases as T goes to 0), or if the logits do not predict the labels (it
        decreases as T grows).

    Raises:
        ValueError: If shapes do not match, or rows are not probabilities.

    Example:

    >>> import numpy as np
    >>> from kerasrecipes.inference import fit_temperature
    >>> probabilities = np.array([[0.99, 0.01]] * 10)
    >>> T = fit_temperature(probabilities, np.array([0] * 8 + [1] * 2))
    >>> scaled = probabilities ** (1 / T)
    >>> print(round(T, 3), (scaled / scaled.sum(axis=1, keepdims=True))[0].round(3))
    3.315 [0.8 0.2]

    Reference: Guo, Pleiss, Sun & Weinberger (2017), https://arxiv.org/abs/1706.04599.
    """
    check_boolean("from_logits", from_logits)
    values, labels = checked_outcomes(probabilities, labels, from_logits)
    scores = values if from_logits else np.log(np.maximum(values, np.finfo("float32").tiny))
    scores = scores - scores.max(axis=1, keepdims=True)
    true_scores = scores[np.arange(len(labels)), labels]
    scale = float(np.mean(-scores))
    if not true_scores.any() or true_scores.mean() <= -scale * (1 - 1e-12):
        reason = (
            "every example is correct"
            if not true_scores.any()
            else "the logits do not predict the labels"
        )
        warn(f"No temperature is optimal, because {reason}: it stays 1. Fit it on more examples.")
        return 1.0
    return float(1 / _root(lambda inverse: _slope(scores, true_scores, inverse), 1 / scale))


def _slope(scores, true_scores, inverse):
    """Return first and second derivative of the loss with respect to 1 / T."""
    raised = np.exp(scores * inverse)
    weighted = raised / raised.sum(axis=1, keepdims=True)
    mean = (weighted * scores).sum(axis=1)
    variance = (weighted * scores**2).sum(axis=1) - mean**2
    return (mean - true_scores).mean(), max(variance.mean(), 0.0)


def _root(function, start):
    """Return the root of an increasing function of x > 0, by Newton steps inside a bracket."""
    low = high = start
    while function(low)[0] > 0:
        low /= 2
    while function(high)[0] < 0:
        high *= 2
    at = math.sqrt(low * high)
    for _ in range(ITERATIONS):
        slope, curvature = function(at)
        low, high = (low, at) if slope > 0 else (at, high)
        following = at - slope / curvature if curvature > 0 else low
        if not low < following < high:
            following = math.sqrt(low * high)
        if abs(following - at) <= TOLERANCE * at:
            return following
        at = following
    return at
