"""TFRecord files of `tf.train.Example` with an encoded image and its label."""

import contextlib

import numpy as np

from kerasrecipes._backend.tensorflow_module import tf
from kerasrecipes._printable import printable
from kerasrecipes.data.shard_images import shard_place

SUFFIX = ".tfrecord"
KEYS = (("image", "label"), ("image/encoded", "image/class/label"))
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


def example(image, label):
    """The bytes of a `tf.train.Example` with the features `image` and `label`."""
    image = tf.train.Feature(bytes_list=tf.train.BytesList(value=[image]))
    label = tf.train.Feature(int64_list=tf.train.Int64List(value=[label]))
    features = tf.train.Features(feature={"image": image, "label": label})
    return tf.train.Example(features=features).SerializeToString(deterministic=True)


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


def image_in(record, image_key):
    """The bytes of the image in the bytes of a `tf.train.Example`, as tensors."""
    feature = tf.io.FixedLenFeature([], tf.string)
    return tf.io.parse_single_example(record, {image_key: feature})[image_key]


def scan(path):
    """Dict of the arrays `offsets`, `lengths` and `labels` of a shard, by reading all of it.

    Raises:
        ValueError: where it is corrupt or truncated, or its examples lack image or label.
    """
    _, label_key = example_keys(path, _first_record(path))
    feature = {label_key: tf.io.FixedLenFeature([], tf.int64)}

    def facts(record):
        label = tf.io.parse_single_example(record, feature)[label_key]
        return tf.strings.length(record), label

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
        raise ValueError(f"{place}: an example without one integer {label_key!r}") from error
    lengths = np.array(lengths, np.int64)
    offsets = np.cumsum(lengths + FRAME) - lengths - FRAME
    return {"offsets": offsets, "lengths": lengths, "labels": np.array(labels, np.int64)}


def example_keys(path, record):
    """Names of the features of image and label, by the bytes of the first record of a shard."""
    try:
        names = set(tf.train.Example.FromString(record).features.feature)
    except Exception as error:  # protobuf has several types, by its implementation
        raise ValueError(f"{printable(path)}: its records are no tf.train.Example") from error
    for keys in KEYS:
        if names.issuperset(keys):
            return keys
    raise ValueError(
        f"{printable(path)}: examples must have the features {' and '.join(map(repr, KEYS[0]))}, "
        f"or {' and '.join(map(repr, KEYS[1]))}. Received: {printable(sorted(names))}"
    )


def _first_record(path):
    try:
        return next(tf.data.TFRecordDataset(str(path)).take(1).as_numpy_iterator())
    except StopIteration:
        raise ValueError(f"{printable(path)}: has no record") from None
    except tf.errors.DataLossError as error:
        raise ValueError(f"{printable(path)}: no TFRecord file, or corrupt") from error
