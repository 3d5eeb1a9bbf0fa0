"""Classification by the nearest training examples."""

from typing import Any

import numpy as np

from kerasrecipes._backend.requirement import require_scipy
from kerasrecipes._validation import check_choice, check_integer

BLOCK = 256


def nearest_neighbours(
    x: Any, labels: Any, test_x: Any, neighbours: int = 5, distance: str = "l2"
) -> Any:
    """Return the most frequent class among the nearest training examples; of a tie, the lowest.

    Args:
        x: array `(examples, features)`.
        labels: int array `(examples,)`, from 0.
        test_x: array `(test examples, features)`.
        neighbours: int >= 1, training examples that vote. Defaults to 5.
        distance: `"l2"` (Euclidean, the default) or `"l1"` (sum of absolute differences, which
            needs SciPy).

    Returns:
        int array `(test examples,)`.

    Raises:
        ValueError: if the shapes do not fit, or an argument is out of its range.
        ImportError: for `"l1"` without SciPy.

    Example:

    >>> from kerasrecipes import evaluation
    >>> evaluation.nearest_neighbours([[0.0], [1.0], [5.0]], [0, 0, 1], [[4.0], [0.4]], 1).tolist()
    [1, 0]
    """
    check_integer("neighbours", neighbours, "[1, inf)")
    check_choice("distance", distance, ("l1", "l2"))
    x, test_x, labels = np.asarray(x), np.asarray(test_x), np.asarray(labels)
    if x.ndim != 2 or test_x.ndim != 2 or len(x) != len(labels) or not len(x):
        raise ValueError(
            "Arguments `x`, `labels` and `test_x` must be (examples, features), (examples,) and "
            f"(test examples, features). Received: shapes {x.shape}, {labels.shape}, {test_x.shape}"
        )
    distances = _l1 if distance == "l1" else _l2
    votes = np.eye(labels.max() + 1)
    results = []
    for start in range(0, len(test_x), BLOCK):
        block = distances(x, test_x[start : start + BLOCK])
        nearest = np.argpartition(block, min(neighbours, len(x)) - 1)[:, :neighbours]
        results.append(votes[labels[nearest]].sum(axis=1).argmax(axis=1))
    return np.concatenate(results)


def _l2(x, block):
    """Return squared distances, up to a number per row of `block`."""
    return (x**2).sum(axis=1) - 2 * block @ x.T


def _l1(x, block):
    require_scipy("evaluation.nearest_neighbours")
    from scipy.spatial.distance import cdist

    return cdist(block, x, "cityblock")
