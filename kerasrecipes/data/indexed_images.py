"""Labelled images that can be read in any order."""

import dataclasses
from collections.abc import Callable

import numpy as np
import tensorflow as tf


@dataclasses.dataclass(frozen=True)
class IndexedImages:
    """Labels, short sides, and a function that reads one image by its index.

    Args:
        labels: int64 array of shape (N,).
        short_sides: integer array of shape (N,), the shorter side of each image in pixels.
        read: function of an int64 scalar tensor that returns the image, traceable.
        fingerprints: integer array of shape (N,), equal where images are equal.
        name_of: function of an integer that says which image it is: a path, or a place in an
            array.
    """

    labels: np.ndarray
    short_sides: np.ndarray
    read: Callable
    fingerprints: np.ndarray
    name_of: Callable

    @property
    def size(self):
        return len(self.labels)

    def short_side(self):
        return int(np.median(self.short_sides))

    def subset(self, indices):
        """The images at `indices`, read through the same function: no image is copied."""
        positions = host_tensor(indices)
        return IndexedImages(
            labels=self.labels[indices],
            short_sides=self.short_sides[indices],
            read=lambda index: self.read(tf.gather(positions, index)),
            fingerprints=self.fingerprints[indices],
            name_of=lambda index: self.name_of(int(indices[index])),
        )

    def dataset(self):
        """The pairs (image, label) in order, with the attribute `element` for random access."""
        labels = host_tensor(self.labels)

        def element(index):
            return self.read(index), tf.gather(labels, index)

        dataset = tf.data.Dataset.range(self.size).map(element)
        dataset.element = element
        return dataset


def host_tensor(values):
    """A tensor in host memory, which functions capture by reference: never a graph constant.

    A constant of a graph is copied with the graph and may not exceed 2 GB.
    """
    with tf.device("CPU:0"):
        return tf.convert_to_tensor(values)
