"""TFRecord files of `tf.train.Example` with an encoded image and its label."""

import contextlib

import numpy as np

from kerasrecipes._backend.tensorflow_module import tf
from kerasrecipes._printable import printable
from kerasrecipes.data.shard_images import shard_place
from kerasrecipes.data.tf_example import (
    example,
    example_keys,
    image_in,
    label_in,
    without_label,
)

SUFFIX = ".tfrecord"
FRAME = 16  # bytes around each record: its length and two checksums
BATCH = 1024


@contextlib.contextmanager
def open_writer(path):
    """Yield a function of (number, bytes of an image, label) that returns (offset, length)."""
    end = 0

    def write(number, image, label):
        nonlocal end
        record = example(image, label)
        writer.write(record)
        start, end = end, end + len(record) + FRAME
        return start, len(record)

    with tf.io.TFRecordWriter(str(path)) as writer:
        yield write


def record_reader(paths):
    """A function of tensors (path, offset, length, record) that returns the bytes of an image.

    It reads at the offset, and fails where the checksum of the record is wrong.
    """
    image_key, _ = example_keys(paths[0], _first_record(paths[0]))

    def read(path, offset, length, record):
        records = tf.raw_ops.TFRecordDatasetV2(
            filenames=[path],
            compression_type="",
            buffer_size=tf.constant(0, tf.int64),
            byte_offsets=[offset],
        )
        kind = {"output_types": [tf.string], "output_shapes": [[]]}
        one = tf.raw_ops.TakeDataset(input_dataset=records, count=tf.constant(1, tf.int64), **kind)
        (content,) = tf.raw_ops.DatasetToSingleElement(dataset=one, **kind)
        return image_in(content, image_key)

    return read


def scan(path):
    """Dict of the arrays `offsets`, `lengths` and `labels` of a shard, by reading all of it.

    Raises:
        ValueError: where it is corrupt or truncated, or its examples lack image or label.
    """
    _, label_key = example_keys(path, _first_record(path))

    def facts(record):
        return tf.strings.length(record), label_in(record, label_key)

    lengths, labels = [], []
    try:
        for record in tf.data.TFRecordDataset(str(path)).map(facts).as_numpy_iterator():
            lengths.append(record[0])
            labels.append(record[1])
    except tf.errors.DataLossError as error:
        place = shard_place(path, len(lengths))
        raise ValueError(f"{place}: corrupt or truncated from this record on") from error
    except tf.errors.InvalidArgumentError as error:
        place = shard_place(path, len(lengths))
        raise without_label(place, label_key) from error
    lengths = np.array(lengths, np.int64)
    offsets = np.cumsum(lengths + FRAME) - lengths - FRAME
    return {"offsets": offsets, "lengths": lengths, "labels": np.array(labels, np.int64)}


def _first_record(path):
    try:
        return next(tf.data.TFRecordDataset(str(path)).take(1).as_numpy_iterator())
    except StopIteration:
        raise ValueError(f"{printable(path)}: has no record") from None
    except tf.errors.DataLossError as error:
        raise ValueError(f"{printable(path)}: no TFRecord file, or corrupt") from error
