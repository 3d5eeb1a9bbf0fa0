"""What `load` returns."""

import dataclasses

import tensorflow as tf

from kerasrecipes.data.duplicates import Duplicate


@dataclasses.dataclass(frozen=True)
class ImageData:
    """The sets of an image classification problem, and what is known about them.

    Each set is a `tf.data.Dataset` of single pairs (image, label), in the source's order, with
    a known cardinality. The image is uint8 of shape (height, width, channels), or, when
    `encoded`, a scalar string: the bytes of a JPEG or PNG file as stored, of whatever size and
    mode. The bytes decide which of the two it is, not the file's name. The label is a scalar
    int64 in 0..num_classes-1.

    A set that can be read in any order has an attribute `element`: a function of an int64
    scalar tensor, the index, that returns that pair and can be traced into a graph. The set is
    then `tf.data.Dataset.range(size).map(element)`. A set from TensorFlow Datasets is a stream
    and has no such attribute.

    Attributes:
        name: string, where the data came from, short enough for a title.
        train, validation, test: `tf.data.Dataset`; `validation` and `test` are `None` where
            there is no such set.
        train_size, validation_size, test_size: integers, images in each set, 0 for `None`.
        class_names: tuple of strings, in the order of the labels.
        num_classes: integer, the number of `class_names`.
        channels: 1 if every image is grey, else 3: decode encoded images to this many.
        short_side: integer, the median over the training images of the shorter of height and
            width, in pixels (over the first 1,024 of a stream).
        encoded: boolean, whether images are JPEG or PNG bytes.
        skipped: tuple of pairs (path, reason) of strings: images that could not be used.
        ignored: integer, files that are neither JPEG nor PNG by their name.
        class_sizes: tuple of integers, training images by class; `None` for a stream, which
            would have to be read.
        duplicates: tuple of `Duplicate`, images that are also in an earlier set, or earlier
            in their own.

    Example:

    >>> from kerasrecipes import data
    >>> sample = data.load("fashion_mnist_sample")
    >>> sample.train.element_spec[0].shape, sample.test_size, sample.class_names[1]
    (TensorShape([28, 28, 1]), 1000, 'Trouser')
    """

    name: str
    train: tf.data.Dataset
    validation: tf.data.Dataset | None
    test: tf.data.Dataset | None
    train_size: int
    validation_size: int
    test_size: int
    class_names: tuple[str, ...]
    channels: int
    short_side: int
    encoded: bool
    skipped: tuple[tuple[str, str], ...] = ()
    ignored: int = 0
    class_sizes: tuple[int, ...] | None = None
    duplicates: tuple[Duplicate, ...] = ()

    @property
    def num_classes(self):
        """Integer, the number of classes."""
        return len(self.class_names)
