"""Images of one size by their indices, as NumPy arrays: what a device can be given."""

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np

from kerasrecipes._backend.requirement import require_tensorflow
from kerasrecipes.augment.pixel_values import check_dtype
from kerasrecipes.augment.python_source import read_pair


@dataclasses.dataclass(frozen=True)
class ArrayReader:
    """Images and labels of a source by their indices.

    Attributes:
        size: int, number of images.
        shape: (H, W, C) of all of them.
        dtype: their `np.dtype`.
        images, labels: functions of an int array (N,) that return arrays.
        pairs: one that returns both, where an image is read together with its label, or `None`.
        stored: pair (pixels, positions) of the array that holds them and where they are in it, or
            `None` where images are read one by one.
    """

    size: int
    shape: tuple
    dtype: Any
    images: Callable
    labels: Callable
    stored: tuple | None = None
    pairs: Callable | None = None

    def batch(self, indices):
        """Return images and labels, each image read once."""
        if self.pairs is not None:
            return self.pairs(indices)
        return self.images(indices), self.labels(indices)


def as_array_reader(dataset):
    """Return the `ArrayReader` of what a user gave as `dataset`, or raise in one line."""
    if getattr(dataset, "in_memory", False) and hasattr(dataset.read, "pixels"):
        pixels, positions = dataset.read.pixels, dataset.read.positions
        check_dtype(pixels.dtype, "dataset")
        return ArrayReader(
            len(dataset),
            pixels.shape[1:],
            pixels.dtype,
            lambda indices: pixels[positions[indices]],
            lambda indices: dataset.labels[indices],
            (pixels, positions),
        )
    if not (hasattr(dataset, "__len__") and hasattr(dataset, "__getitem__")):
        raise TypeError(
            "Argument `dataset` must be a source of pairs (image, label) with `__len__` and "
            "`__getitem__`, such as arrays given to `data.load`. Received: an object of type "
            f"{type(dataset).__name__}"
        )
    if len(dataset) == 0:
        raise ValueError("Argument `dataset` must hold at least one image. Received: 0 images")
    first, first_label = _read(dataset, 0)
    check_dtype(first.dtype, "dataset")

    def pairs(indices):
        read = [_read(dataset, int(index)) for index in indices]
        images = [_like(first, image, index) for (image, _), index in zip(read, indices)]
        labels = np.stack([label for _, label in read]).astype(first_label.dtype)
        scalar = labels.shape[1:] == (1,) and labels.dtype.kind == "i"
        return np.stack(images), labels[:, 0] if scalar else labels

    return ArrayReader(
        len(dataset),
        first.shape,
        first.dtype,
        lambda indices: pairs(indices)[0],
        lambda indices: pairs(indices)[1],
        pairs=pairs,
    )


def _read(dataset, index):
    image, label = read_pair(dataset, index)
    if isinstance(image, bytes):
        require_tensorflow("Encoded images")
        raise TypeError(
            "Argument `dataset` must hold pixels: encoded images are decoded by "
            f"`augment.pipeline`. Received: dataset[{index}] of {len(image)} bytes"
        )
    return image, label


def _like(first, image, index):
    received = (
        f"Received: dataset[{index}] of shape {image.shape}, dtype {image.dtype}; "
        f"dataset[0] of {first.shape}, {first.dtype}"
    )
    if image.shape[2] != first.shape[2] or image.dtype != first.dtype:
        raise ValueError(
            "Argument `dataset` must give images of one dtype and number of channels. " + received
        )
    if image.shape != first.shape:
        require_tensorflow("Images of several sizes")
        raise ValueError(
            "Argument `dataset` must hold images of one size: those of several sizes are cropped "
            f"by `augment.pipeline`. {received}"
        )
    return image
