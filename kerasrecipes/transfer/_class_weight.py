"""Weights of classes as weights of examples."""

from typing import Any

import numpy as np

from kerasrecipes._validation import check_integer, check_number


def check_class_weight(class_weight: Any) -> None:
    """Raise unless this is `None` or a dict of weights >= 0 of labels >= 0."""
    if class_weight is None:
        return
    if not isinstance(class_weight, dict):
        raise TypeError(
            "Argument `class_weight` must be a dict {class: weight} or None. Received: "
            f"class_weight={class_weight!r}"
        )
    for label, weight in class_weight.items():
        check_integer("class_weight", label, "[0, inf)")
        check_number("class_weight", weight, "[0, inf)")


def weights_of_labels(labels: Any, class_weight: dict[int, float]) -> np.ndarray:
    """Return float64 `(examples,)`, the weight of each label's class; of other classes 1."""
    return np.array([class_weight.get(int(label), 1.0) for label in labels], "float64")
