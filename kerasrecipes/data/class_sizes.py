"""How many images each class has to learn from."""

import numpy as np

from kerasrecipes._warning import warn
from kerasrecipes.data.image_sets import few
from kerasrecipes.data.image_source import ImageSource

FEWEST = 10


def class_sizes(images, classes):
    """Tuple of the images of each class, or `None` for a stream or without classes."""
    if not isinstance(images, ImageSource) or images.task == "regression":
        return None
    if images.task == "multilabel":
        return tuple(map(int, images.labels.sum(axis=0)))
    return tuple(np.bincount(images.labels, minlength=classes).tolist())


def warn_of_untested_classes(where, sets, class_names):
    """Warn of classes that a validation or test set of the source's own lacks."""
    for set_name, images in sets.items():
        sizes = class_sizes(images, len(class_names))
        absent = [repr(name) for name, size in zip(class_names, sizes or ()) if size == 0]
        if absent and set_name != "train":
            warn(
                f"{where}: no {set_name} image of {len(absent)} of {len(class_names)} classes, on "
                f"which the {set_name} figures say nothing: {few(absent)}"
            )


def small_classes(images, class_names):
    """Pairs (name, images) of the classes with fewer than 10 images, though one at least."""
    sizes = class_sizes(images, len(class_names)) or ()
    small = [(size, name) for size, name in zip(sizes, class_names) if 0 < size < FEWEST]
    return tuple((name, size) for size, name in sorted(small))


def describe_small_classes(small, classes):
    """A sentence about the pairs of `small_classes`, of so many classes; "" without any."""
    if not small:
        return ""
    named = few([f"{name!r} ({size})" for name, size in small])
    return (
        f"{len(small)} of {classes} classes have fewer than {FEWEST} images, too few to learn and "
        f"to judge from: {named}"
    )


def warn_of_small_classes(where, small, classes):
    """Warn of the pairs of `small_classes`, if there are any."""
    if sentence := describe_small_classes(small, classes):
        warn(f"{where}: {sentence}")
