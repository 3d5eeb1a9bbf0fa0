"""What each kind of source is read into before it is split."""

import dataclasses

import numpy as np

from kerasrecipes._printable import printable
from kerasrecipes._warning import warn

SETS = ("train", "validation", "test")


@dataclasses.dataclass(frozen=True)
class ImageSets:
    """Sets by name (`train` always, `validation`, `test`), and what is known about them.

    Each set is an `ImageSource` or an `ImageStream`.
    """

    name: str
    sets: dict
    class_names: tuple[str, ...]
    channels: int
    encoded: bool
    skipped: tuple[tuple[str, str], ...] = ()
    ignored: int = 0
    turned: int = 0
    unchecked: int | None = None  # `None` where there is nothing to check


def check_labels(where, labels_by_set, num_classes):
    """Raise unless every label is one of at least two classes."""
    if num_classes < 2:
        raise ValueError(f"{where}: two classes at least are needed. Received: {num_classes}")
    for set_name, labels in labels_by_set.items():
        wrong = np.unique(labels[(labels < 0) | (labels >= num_classes)])
        if wrong.size:
            raise ValueError(
                f"{where}: labels of the {set_name} set must be in 0..{num_classes - 1} "
                f"({num_classes} classes). Received: {few(wrong)}"
            )


def check_presence(where, labels, class_names):
    """Raise unless training knows two classes; warn of those that it can never learn."""
    present = np.unique(labels)
    if present.size < 2:
        raise ValueError(
            f"{where}: two classes at least are needed. Received: every training image is of "
            f"class {class_names[present[0]]!r}"
        )
    absent = np.setdiff1d(np.arange(len(class_names)), present)
    if absent.size:
        named = few([repr(class_names[label]) for label in absent])
        warn(f"{where}: no training image of class {named}")


def few(values, limit=3):
    """The first few of many, in words.

    >>> few(["a", "b", "c", "d", "e"])
    'a, b, c and 2 more'
    """
    shown = ", ".join(map(printable, values[:limit]))
    return shown if len(values) <= limit else f"{shown} and {len(values) - limit} more"
