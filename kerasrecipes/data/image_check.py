"""Looks at every image file once, before training meets a bad one hours later."""

import dataclasses
import os

import numpy as np
import tensorflow as tf

from kerasrecipes.data.image_header import (
    CMYK,
    DEEP,
    JPEG_SIGNATURE,
    PNG_SIGNATURE,
    image_header,
)
from kerasrecipes.data.image_source import host_tensor
from kerasrecipes.data.progress import progress

BATCH = 64


@dataclasses.dataclass(frozen=True)
class ImageCheck:
    """What is known of N files after a look at each.

    Attributes:
        short_sides: int64 array of shape (N,), the shorter side in pixels.
        channels: int64 array of shape (N,), 1 to 4 as stored, an alpha channel included.
        fingerprints: int64 array of shape (N,), a hash of the bytes.
        problems: dict from index, in order, to the reason why the file cannot be used.
    """

    short_sides: np.ndarray
    channels: np.ndarray
    fingerprints: np.ndarray
    problems: dict[int, str]

    def usable(self):
        """Sorted indices of the files without a problem."""
        return np.setdiff1d(np.arange(len(self.channels)), [*self.problems])


def check_images(paths):
    """Reads and decodes every file, in parallel, and keeps none.

    The decoder is the one that reads them in training, for JPEG at an eighth of the size: it
    goes through all of the compressed data, so that it fails now on what would fail later, in a
    fraction of the time.

    Args:
        paths: list of strings, names of files.

    Returns:
        An `ImageCheck`.
    """
    facts = np.zeros((len(paths), 4), np.int64)
    with progress("checking images", len(paths)) as advance:
        for indices, rows in _inspections(paths):
            facts[indices] = rows
            advance(len(indices))
    short_sides, channels, fingerprints, _ = facts.T
    problems = {
        int(index): _reason(paths[index], channels[index])
        for index in np.flatnonzero((channels == 0) | (channels > 4))
    }
    return ImageCheck(short_sides, channels, fingerprints, problems)


def fingerprint(contents):
    """A hash of the bytes: an int64 scalar."""
    return tf.strings.to_hash_bucket_fast(contents, 2**63 - 1)


def _inspections(paths):
    """Yield batches of (indices, facts); a file that does not decode is in none of them."""
    paths = host_tensor([os.fsencode(path) for path in paths])
    options = tf.data.Options()
    options.autotune.enabled = False
    options.deterministic = False
    dataset = tf.data.Dataset.range(len(paths)).map(
        lambda index: (index, _inspect(tf.gather(paths, index))),
        num_parallel_calls=os.cpu_count(),
    )
    dataset = dataset.ignore_errors(log_warning=False).batch(BATCH).with_options(options)
    return dataset.as_numpy_iterator()


def _inspect(path):
    """Short side, channels and fingerprint of a file; fails where decoding fails."""
    contents = tf.io.read_file(path)
    decoded = tf.io.decode_jpeg(contents, ratio=8)  # decodes PNG too, in full size
    short_side, channels = image_header(contents)
    # The number of decoded values is asked for, lest the decoding be optimised away.
    values = tf.size(decoded, out_type=tf.int64)
    return tf.stack([short_side, channels, fingerprint(contents), values])


def _reason(path, channels):
    """Why a file cannot be used, in words."""
    if channels in (CMYK, DEEP):
        return "CMYK JPEG" if channels == CMYK else "16-bit PNG"
    try:
        with open(path, "rb") as file:
            start = file.read(len(PNG_SIGNATURE))
    except OSError as error:
        return error.strerror
    if not start:
        return "empty file"
    if start == PNG_SIGNATURE:
        return "corrupt or truncated PNG"
    if start.startswith(JPEG_SIGNATURE):
        return "corrupt or truncated JPEG"
    return "neither JPEG nor PNG inside"
