"""What each kind of source is read into before it is split."""

import dataclasses
import warnings

import numpy as np

SETS = ("train", "validation", "test")


@dataclasses.dataclass(frozen=True)
class ImageSource:
    """Sets by name (`train` always, `validation`, `test`), and what is known about them.

    A set has `labels`, `size`, `short_side()`, `subset(indices)` and `dataset()`.
    """

    name: str
    sets: dict
    class_names: tuple[str, ...]
    channels: int
    encoded: bool
    skipped: tuple[tuple[str, str], ...] = ()
    ignored: int = 0


def check_labels(where, labels_by_set, num_classes):
    """Raise unless every label is a class and training knows at least two of them.

    A class without a training image is a warning only: it can never be predicted.
    """
    for set_name, labels in labels_by_set.items():
        wrong = np.unique(labels[(labels < 0) | (labels >= num_classes)])
        if wrong.size:
            raise ValueError(
                f"{where}: labels of the {set_name} set must be in 0..{num_classes - 1} "
                f"({num_classes} classes). Received: {few(wrong)}"
            )
    present = np.unique(labels_by_set["train"])
    if present.size < 2:
        raise ValueError(f"{where}: two classes at least are needed. Received: {num_classes}")
    absent = np.setdiff1d(np.arange(num_classes), present)
    if absent.size:
        warnings.warn(f"{where}: no training image of class {few(absent)}", stacklevel=5)


def few(values, limit=3):
    """The first few of many, in words.

    >>> few(["a", "b", "c", "d", "e"])
    'a, b, c and 2 more'
    """
    shown = ", ".join(map(str, values[:limit]))
    return shown if len(values) <= limit else f"{shown} and {len(values) - limit} more"
