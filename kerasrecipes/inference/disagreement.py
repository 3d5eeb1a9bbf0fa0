"""How often the members of an ensemble disagree."""

from collections.abc import Sequence
from typing import Any

import numpy as np


def disagreement(predictions: Sequence[Any]) -> float:
    """Return the fraction of examples that two members put in different classes.

    `mean over pairs a < b and examples n of [argmax_c p_a(c | n) ≠ argmax_c p_b(c | n)]`. Members
    that never disagree gain nothing by an average.

    Args:
        predictions: M >= 2 arrays `(examples, classes)` of probabilities or scores, of the same
            examples in the same order: one array a member.

    Returns:
        float in [0, 1].

    Raises:
        ValueError: If there are fewer than two arrays, or shapes differ or have no example.

    Example:

    >>> import numpy as np
    >>> from kerasrecipes.inference import disagreement
    >>> one, other = np.array([[0.9, 0.1], [0.2, 0.8]]), np.array([[0.6, 0.4], [0.7, 0.3]])
    >>> disagreement([one, other])
    0.5

    Reference: Fort, Hu & Lakshminarayanan, 2019, https://arxiv.org/abs/1912.02757. They divide by
        the error rate of the members, which is not done here.
    """
    shapes = [np.shape(one) for one in predictions]
    if len(shapes) < 2 or len(set(shapes)) > 1 or len(shapes[0]) != 2 or 0 in shapes[0]:
        raise ValueError(
            "Argument `predictions` must be two or more arrays of the same shape (examples, "
            f"classes). Received: shapes {shapes}"
        )
    members = np.stack([np.asarray(one).argmax(axis=1) for one in predictions])
    count, pairs = len(members), len(members) * (len(members) - 1) / 2
    different = [np.mean(members[i] != members[i + 1 :], axis=1).sum() for i in range(count - 1)]
    return float(np.sum(different) / pairs)
