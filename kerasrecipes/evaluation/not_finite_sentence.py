"""Predictions that are NaN or infinite, in a sentence."""

from typing import Any

import numpy as np


def not_finite_sentence(predictions: Any) -> str:
    """Return how many images have predictions that are not finite, "" if all are finite.

    Args:
        predictions: array `(images, outputs)`.

    Example:

    >>> import numpy as np
    >>> from kerasrecipes.evaluation.not_finite_sentence import not_finite_sentence
    >>> not_finite_sentence(np.array([[0.5, 0.5], [np.nan, 0.5]]))
    'The predictions for 1 of 2 images are NaN or infinite.'
    """
    bad = int(np.sum(~np.isfinite(predictions).all(axis=1)))
    return f"The predictions for {bad} of {len(predictions)} images are NaN or infinite." * bool(
        bad
    )
