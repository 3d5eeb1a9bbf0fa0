"""A sentence about a data set, and the statistics of its channels."""

from typing import Any

import numpy as np

from kerasrecipes import augment
from kerasrecipes._feature_statistics import FeatureStatistics
from kerasrecipes.evaluation.pick import evenly_spaced, pick

LARGEST_SIDE = 512  # of the images that statistics are computed of


def describe_images(images: Any) -> Any:
    """Return a sentence about a `data.ImageData`: name, sizes, classes, skipped images.

    Args:
        images: `data.ImageData`.

    Example:

    >>> from kerasrecipes import data, experiment
    >>> experiment.describe_images(data.load("fashion_mnist_sample"))
    'fashion_mnist_sample: 6000 training, 1000 test images of 10 classes.'
    """
    sets = [
        f"{size} {name}"
        for name, size in (
            ("training", images.train_size),
            ("validation", images.validation_size),
            ("test", images.test_size),
        )
        if size
    ]
    count = len(images.skipped)
    words = "1 bad image was" if count == 1 else f"{count} bad images were"
    skipped = f" {words} skipped." if count else ""
    turned = f" {images.turned} are rotated upright by their EXIF data." if images.turned else ""
    unchecked = f" {images.unchecked} were not checked." if images.unchecked else ""
    count = images.num_classes
    what = {
        "classes": f"of {count} classes",
        "multilabel": f"with any of {count} labels",
        "regression": f"with {count} numbers" if count > 1 else "with a number",
    }[images.task]
    return f"{images.name}: {', '.join(sets)} images {what}.{skipped}{turned}{unchecked}"


def channel_statistics(dataset: Any, size: int, channels: int, limit: int = 1024) -> Any:
    """Return mean and standard deviation per channel, over the pixels of evenly spaced images.

    Args:
        dataset: A set of a `data.ImageData`, or a `tf.data.Dataset` of known size.
        size: int, images are resized by their short side to this many pixels, at most 512: larger
            ones have the same statistics, at a cost that grows with the square.
        channels: int, 1 or 3.
        limit: int, maximum number of images. Defaults to 1024.

    Returns:
        Two lists of floats in 0..255; the standard deviations are at least 1.

    Raises:
        ValueError: if the data set has no images.

    Example:

    >>> import numpy as np
    >>> from kerasrecipes import data, experiment
    >>> pixels = np.full((20, 4, 4, 3), (10, 20, 30), "uint8")
    >>> pixels += np.arange(20, dtype="uint8")[:, None, None, None]
    >>> images = data.load((pixels, [0, 1] * 10))
    >>> mean, std = experiment.channel_statistics(images.train, size=4, channels=3)
    >>> np.round(np.diff(mean), 2).tolist()
    [10.0, 10.0]
    """
    indices = evenly_spaced(len(dataset), limit)
    side = min(size, LARGEST_SIDE)
    crop = augment.CenterCrop(side, side, channels=channels)
    statistics = FeatureStatistics()
    for image in pick(dataset, indices, crop):
        statistics.add(np.reshape(image, (-1, channels)))
    statistics.check_not_empty("dataset")
    std = np.sqrt(np.maximum(statistics.variance, 1.0))
    return statistics.mean.round(3).tolist(), std.round(3).tolist()
