"""ArrayRecord files of `tf.train.Example` with an encoded image and its label."""

import contextlib
import functools

import numpy as np

from kerasrecipes._backend.requirement import require_array_record
from kerasrecipes._backend.tensorflow_module import tf
from kerasrecipes._printable import printable
from kerasrecipes.data.shard_images import read_by_python, shard_place
from kerasrecipes.data.tf_example import (
    example,
    example_keys,
    image_in,
    label_in,
    without_label,
)

SUFFIX = ".array_record"
BY_ONE = "group_size:1,uncompressed"  # each record is read alone; images do not compress
ALONE = "readahead_buffer_size:0"
OPEN_FILES = 4096  # at most: to open one takes longer than to read an image
BATCH = 256


@contextlib.contextmanager
def open_writer(path):
    """Yield a function of (number, bytes of an image, label) that returns (offset, length).

    Raises:
        OSError: where the file cannot be written, as on a full disk.
    """
    with _os_error(path):
        writer = _module().ArrayRecordWriter(str(path), BY_ONE)

    def write(number, image, label):
        record = example(image, label)
        with _os_error(path):
            writer.write(record)
        return 0, len(record)  # records are read by their number

    try:
        yield write
    finally:
        with _os_error(path):
            writer.close()


@contextlib.contextmanager
def _os_error(path):
    """What the package says of the disk as an `OSError`."""
    try:
        yield
    except RuntimeError as error:
        reason = str(error).split(";")[0]
        raise OSError(f"{printable(path)}: cannot be written ({reason})") from error


def record_reader(paths):
    """A function of tensors (path, offset, length, record) that returns the bytes of an image.

    It reads the record of that number, and fails where its checksum is wrong.
    """
    image_key, _ = example_keys(paths[0], _records(paths[0], 0, 1)[0])
    opened = functools.lru_cache(_open_files())(_open)

    def numbered(path, record):
        try:
            return opened(path).read([record])[0]
        except (RuntimeError, IndexError) as error:
            raise ValueError(f"{shard_place(path, record)}: corrupted record ({error})") from error

    def read(path, _offset, _length, record):
        return image_in(read_by_python(numbered, path, record), image_key)

    return read


def scan(path):
    """Dict of the arrays `offsets`, `lengths` and `labels` of a shard, by reading all of it.

    Raises:
        ValueError: where it is corrupt or truncated, or its examples lack image or label.
    """
    _, label_key = example_keys(path, _records(path, 0, 1)[0])
    count = _open(path).num_records()
    lengths, labels = [], []
    for start in range(0, count, BATCH):
        for record in _records(path, start, min(start + BATCH, count)):
            lengths.append(len(record))
            try:
                labels.append(int(label_in(record, label_key)))
            except tf.errors.InvalidArgumentError as error:
                raise without_label(shard_place(path, len(labels)), label_key) from error
    arrays = {"offsets": np.zeros(count), "lengths": lengths, "labels": labels}
    return {name: np.array(values, np.int64) for name, values in arrays.items()}


def _records(path, start, stop):
    """The bytes of records `start` to `stop`."""
    try:
        return _open(path).read(start, stop)
    except (RuntimeError, IndexError) as error:
        if stop - start > 1:  # the package does not say which record it is
            return [_records(path, number, number + 1)[0] for number in range(start, stop)]
        place = shard_place(path, start)
        raise ValueError(f"{place}: corrupt or truncated from this record on") from error


def _open_files():
    """How many shards stay open: half of the files that the process may have open."""
    import resource  # not on Windows, nor is the package

    limit, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    unlimited = limit == resource.RLIM_INFINITY
    return OPEN_FILES if unlimited else min(OPEN_FILES, max(1, limit // 2))


def _open(path):
    """A reader; of a file that is truncated or of another kind the package says it is empty."""
    reader = _module().ArrayRecordReader(str(path), ALONE)
    if not reader.num_records():
        raise ValueError(f"{printable(path)}: no ArrayRecord file, without records, or truncated")
    return reader


def _module():
    require_array_record()
    from array_record.python import array_record_module

    return array_record_module
