"""Weights for classes of unequal size."""

import dataclasses
from typing import Any

import numpy as np

from kerasrecipes.transfer._class_weight import check_class_weight, weights_of_labels


def class_weights(images: Any) -> Any:
    """Return weights for `fit(class_weight=...)` that give each class the same total weight.

    `weight of class c = n / (K · n_c)` for n training images of K classes, n_c of class c, so that
    the mean over the images is 1. A class without an image has no weight.

    Args:
        images: A `data.ImageData`. If it is a stream of unknown sizes, it is read once.

    Returns:
        dict from label to float.

    Raises:
        ValueError: if images have several labels or numbers instead of a class.

    Example:

    >>> from kerasrecipes.experiment import class_weights
    >>> from kerasrecipes import data
    >>> import numpy as np
    >>> pixels = np.random.default_rng(0).integers(0, 256, (40, 4, 4), "uint8")
    >>> test = pixels[:2] // 2, np.array([0, 1])
    >>> images = data.load(((pixels, np.array([0] * 30 + [1] * 10)), test))
    >>> class_weights(images)
    {0: 0.6666666666666666, 1: 2.0}

    Reference: King & Zeng (2001), Logistic Regression in Rare Events Data; the "balanced" weights
        of scikit-learn.
    """
    if images.task != "classes":
        raise ValueError(
            "Argument `images` must have one class an image, for class weights. Received: "
            f"task={images.task!r}"
        )
    sizes = images.class_sizes
    if sizes is None:
        labels = [int(label) for _, label in images.train]
        sizes = np.bincount(labels, minlength=images.num_classes).tolist()
    present = {label: size for label, size in enumerate(sizes) if size}
    total = sum(present.values())
    return {label: total / (len(present) * size) for label, size in present.items()}


def weighted_source(source: Any, class_weight: Any) -> Any:
    """Return a set of images and the `class_weight` for `fit` that together apply the weights.

    Keras refuses `class_weight` beside the weights of images: where a source has those, they are
    multiplied, and `class_weight` is `None`.

    Args:
        source: A set of a `data.ImageData`.
        class_weight: dict from label (int >= 0) to weight (float >= 0), or `None`.

    Raises:
        TypeError: if `class_weight` is no dict.
        ValueError: if a label or a weight is below 0, or not a number.

    Example:

    >>> from kerasrecipes import data, experiment
    >>> train = data.load("fashion_mnist_sample").train
    >>> source, class_weight = experiment.weighted_source(train, {0: 2.0})
    >>> class_weight, source.weights
    ({0: 2.0}, None)
    """
    check_class_weight(class_weight)
    weights = getattr(source, "weights", None)
    if class_weight is None or weights is None:
        return source, class_weight
    factors = weights_of_labels(source.labels, class_weight).astype("float32")
    return dataclasses.replace(source, weights=weights * factors), None
