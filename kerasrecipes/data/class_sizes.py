"""How many images each class has to learn from."""

import warnings

import numpy as np

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
            warnings.warn(
                f"{where}: no {set_name} image of {len(absent)} of {len(class_names)} classes, on "
                f"which the {set_name} figures say nothing: {few(absent)}",
                stacklevel=3,
            )


def warn_of_small_classes(where, images, class_names):
    """Warn of classes that have fewer than 10 images, though one at least."""
    sizes = class_sizes(images, len(class_names))
    small = [(size, name) for size, name in zip(sizes or (), class_names) if 0 < size < FEWEST]
    if small:
        named = few([f"{name!r} ({size})" for size, name in sorted(small)])
        warnings.warn(
            f"{where}: {len(small)} of {len(class_names)} classes have fewer than {FEWEST} "
            f"images, too few to learn and to judge from: {named}",
            stacklevel=3,
        )
