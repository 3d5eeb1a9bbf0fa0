"""ClassNames: stores the names of the classes in the model."""

from collections.abc import Sequence
from typing import Any

import keras

from kerasrecipes._validation import check_choice, check_integer, check_number

TASKS = ("classes", "multilabel", "regression")


@keras.saving.register_keras_serializable(package="kerasrecipes")
class ClassNames(keras.layers.Layer):
    """Returns its input unchanged and stores the names of the classes in the model.

    `y = x`. It is the last layer of the models that recipes save, so that a copied `.keras` file
    still predicts "daisy" and not "class 3".

    Args:
        class_names: List or tuple of two or more different strings, in the order of the outputs.
            Of several labels or numbers, one is enough.
        task: What the outputs are: `"classes"` (default), probabilities that sum to 1;
            `"multilabel"`, a probability for each label; `"regression"`, numbers.
        thresholds: List of floats in [0, 1], one per label, from which probability on a label is
            predicted, for `task="multilabel"`; `None` (default) is 0.5 for each.
        **kwargs: Arguments of `keras.layers.Layer`. Give `dtype="float32"` under mixed precision,
            as to the last layer of any model: otherwise probabilities are cast to half precision.

    Input shape:
        `(..., classes)`.

    Output shape:
        That of the input.

    Raises:
        TypeError: If `class_names` is not a list or tuple of strings.
        ValueError: If there are fewer than two names or duplicates, or if their number is not the
            last dimension of the input.

    Example:

    >>> import keras
    >>> from kerasrecipes.layers import ClassNames
    >>> model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(2, "softmax"),
    ...                           ClassNames(["cat", "dog"])])
    >>> model.layers[-1].class_names, model.output_shape
    (('cat', 'dog'), (None, 2))
    """

    def __init__(
        self,
        class_names: Sequence[str],
        task: str = "classes",
        thresholds: Sequence[float] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        check_choice("task", task, TASKS)
        self.class_names = _checked(class_names, 2 if task == "classes" else 1)
        self.task = task
        self.thresholds = _checked_thresholds(thresholds, task, len(self.class_names))
        self.supports_masking = True

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        if input_shape[-1] != len(self.class_names):
            raise ValueError(
                "The last dimension of the input must be the number of class names, "
                f"{len(self.class_names)}. Received: inputs.shape={tuple(input_shape)}"
            )

    def call(self, inputs: Any) -> Any:
        return inputs

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        return input_shape

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "class_names": list(self.class_names),
            "task": self.task,
            "thresholds": self.thresholds and list(self.thresholds),
        }


def _checked_thresholds(thresholds, task, count):
    """Return the thresholds as a tuple, or raise."""
    if thresholds is None:
        return None
    if task != "multilabel" or len(thresholds) != count:
        raise ValueError(
            f"Argument `thresholds` must be {count} numbers, and is for task='multilabel'. "
            f"Received: thresholds={thresholds!r}, task={task!r}"
        )
    for threshold in thresholds:
        check_number("thresholds", threshold, "[0, 1]")
    return tuple(map(float, thresholds))


def _checked(class_names, fewest):
    """Return the names as a tuple, or raise."""
    listed = isinstance(class_names, (list, tuple))
    if not listed or not all(isinstance(name, str) for name in class_names):
        raise TypeError(
            "Argument `class_names` must be a list of strings. "
            f"Received: class_names={class_names!r}"
        )
    check_integer("len(class_names)", len(class_names), f"[{fewest}, inf)")
    if len(set(class_names)) < len(class_names):
        raise ValueError(
            "Argument `class_names` must not have duplicates. "
            f"Received: class_names={class_names!r}"
        )
    return tuple(class_names)
