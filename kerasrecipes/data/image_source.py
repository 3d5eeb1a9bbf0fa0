"""Labelled images that can be read in any order."""

import dataclasses
import functools
import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from kerasrecipes._array_spec import ArraySpec
from kerasrecipes._backend.requirement import has_tensorflow
from kerasrecipes._backend.tensorflow_module import tf
from kerasrecipes.data.host_tensor import host_tensor
from kerasrecipes.data.stored_pixels import StoredPixels


@dataclasses.dataclass(frozen=True, eq=False, repr=False)
class ImageSource:
    """Images and labels by index, as a sequence of pairs; nothing is read before it is asked for.

    `source[3]` is a pair (image, label) of a NumPy array, or `bytes` of an encoded image, and an
    integer. `source[:100]`, and any other slice, array of indices or boolean mask, is a source
    of those images that copies none. `len(source)`, iteration, and PyTorch's `DataLoader` work
    as with a list. `augment.pipeline` takes a source, and reads it in any order.

    Args:
        labels: int64 array of shape (N,).
        short_sides: int array of shape (N,), the shorter side of each image in pixels.
        read: function of an int64 scalar tensor that returns the image and can be traced.
        fingerprints: int array of shape (N,), equal where images are equal, below 0 where that is
            not known.
        name_of: function of an integer that names an image: a path, or a place in an array.
        task: str, `"classes"`, `"multilabel"` or `"regression"`. For the latter two a label is a
            float32 array, and `labels` has shape (N, classes or targets).
        weights: float32 array of shape (N,), the weight of each image, or `None`.
        in_memory: bool, whether images are in memory and of one size, so that `read` returns a
            batch for an int64 vector. Where `read` is a `StoredPixels`, as that of arrays, only
            `dataset` and `element` need TensorFlow. Defaults to `False`.

    Example:

    >>> from kerasrecipes import data
    >>> source = data.load("fashion_mnist_sample").train
    >>> image, label = source[-1]
    >>> len(source), image.shape, label
    (6000, (28, 28, 1), 0)
    >>> first = source[:100]
    >>> len(first), len(list(first.dataset().batch(32)))
    (100, 4)
    """

    labels: np.ndarray
    short_sides: np.ndarray
    read: Callable
    fingerprints: np.ndarray
    name_of: Callable
    in_memory: bool = False
    task: str = "classes"
    weights: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, key: Any) -> Any:
        """The pair (image, label) at an index, or a source of the images that `key` selects."""
        if not hasattr(key, "__index__") or np.ndim(key):
            return self.subset(np.arange(len(self))[key])
        index = operator.index(key)
        if not -len(self) <= index < len(self):
            raise IndexError(f"Index {index} is out of range for {len(self)} images")
        index %= len(self)
        if self._is_stored:
            return self.read.at(index), self._label(self.labels[index])
        return self.read(tf.constant(index, tf.int64)).numpy(), self._label(self.labels[index])

    @property
    def _is_stored(self):
        return isinstance(self.read, StoredPixels)

    def __iter__(self):
        if self._is_stored:
            yield from (self[index] for index in range(len(self)))
            return
        for image, label in self.dataset().prefetch(2).as_numpy_iterator():
            yield image, self._label(label)

    def _label(self, label):
        return int(label) if self.task == "classes" else label

    def __repr__(self):
        image = self.element_spec[0]
        return f"<ImageSource of {len(self):,} images, {image.dtype.name} {image.shape}>"

    def take(self, count: int) -> Any:
        """A source of the first `count` images, as `source[:count]`."""
        return self[:count]

    def dataset(self) -> Any:
        """The pairs (image, label) in order, as a `tf.data.Dataset` of known cardinality."""
        return tf.data.Dataset.range(len(self)).map(self.element)

    def element(self, index: int) -> Any:
        """The pair (image, label) of tensors at an int64 scalar tensor; can be traced.

        `in_memory`, also the pair (images, labels) at a vector.
        """
        return self.read(index), tf.gather(self._label_tensor, index)

    @functools.cached_property
    def element_spec(self) -> Any:
        """The pair of `tf.TensorSpec` of every element, or of `ArraySpec` without TensorFlow."""
        if self._is_stored and not has_tensorflow():
            parts = (self.read.pixels, self.labels)
            return tuple(ArraySpec(part.shape[1:], part.dtype) for part in parts)
        return self.dataset().element_spec

    @functools.cached_property
    def _label_tensor(self):
        return host_tensor(self.labels)

    def short_side(self) -> Any:
        """The median of the shorter sides, in pixels."""
        return int(np.median(self.short_sides))

    def subset(self, indices: Any) -> Any:
        """A source of the images at `indices`, an integer array; no image is copied."""
        if np.ndim(indices) != 1:
            raise IndexError("An index of a source must be an integer, a slice or an array (N,)")
        return ImageSource(
            labels=self.labels[indices],
            short_sides=self.short_sides[indices],
            read=self._reader_of(indices),
            fingerprints=self.fingerprints[indices],
            name_of=lambda index: self.name_of(int(indices[index])),
            in_memory=self.in_memory,
            task=self.task,
            weights=None if self.weights is None else self.weights[indices],
        )

    def _reader_of(self, indices):
        if self._is_stored:
            return self.read.subset(indices)
        positions = host_tensor(indices)
        return lambda index: self.read(tf.gather(positions, index))
