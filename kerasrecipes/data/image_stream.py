"""Labelled images that can be read in one order only."""

import dataclasses
import functools
from typing import Any

import numpy as np

from kerasrecipes._backend.tensorflow_module import tf
from kerasrecipes.data.host_tensor import host_tensor
from kerasrecipes.data.image_header import image_header

SAMPLE = 1024


@dataclasses.dataclass(frozen=True, eq=False)
class ImageStream:
    """A stream of pairs (image, label), as TensorFlow Datasets has it: no random access.

    `len`, iteration, `take` and `dataset` are those of `ImageSource`. `augment.pipeline` takes a
    stream too; it shuffles it in a buffer.

    Args:
        pairs: `tf.data.Dataset` of single pairs, always in the same order.
    """

    pairs: Any

    def __len__(self) -> int:
        return self._size

    def __iter__(self):
        for image, label in self.dataset().as_numpy_iterator():
            yield image, int(label)

    def take(self, count: int) -> Any:
        """A stream of the first `count` images."""
        return ImageStream(self.pairs.take(count))

    def dataset(self) -> Any:
        """The pairs (image, label) in order, as a `tf.data.Dataset` of known cardinality."""
        return self.pairs.apply(tf.data.experimental.assert_cardinality(len(self)))

    @property
    def element_spec(self) -> Any:
        """The pair of `tf.TensorSpec` of every element."""
        return self.pairs.element_spec

    @functools.cached_property
    def _size(self):
        known = int(self.pairs.cardinality())
        return known if known >= 0 else len(self.labels)

    @functools.cached_property
    def labels(self) -> Any:
        """Every label, by reading the stream once."""
        return np.concatenate([*self.pairs.map(_label).batch(SAMPLE).as_numpy_iterator()])

    @functools.cached_property
    def sample(self) -> Any:
        """Short sides, channels and labels of the first images: int64 arrays of shape (n,)."""
        facts = self.pairs.take(SAMPLE).map(_facts).batch(SAMPLE)
        return facts.get_single_element().numpy().T

    def short_side(self) -> Any:
        return int(np.median(self.sample[0]))

    def subset(self, indices: Any) -> Any:
        """The images at `indices`, by reading all and passing on these."""
        chosen = np.zeros(len(self), bool)
        chosen[indices] = True
        chosen = host_tensor(chosen)
        pairs = self.pairs.enumerate().filter(lambda index, _: tf.gather(chosen, index))
        pairs = pairs.map(lambda _, pair: pair)
        return ImageStream(pairs.apply(tf.data.experimental.assert_cardinality(len(indices))))


def _label(image, label):
    return label


def _facts(image, label):
    if image.dtype == tf.string:
        height, width, channels = image_header(image)
    else:
        height, width, channels = tf.unstack(tf.shape(image, out_type=tf.int64))
    return tf.stack([tf.minimum(height, width), channels, label])
