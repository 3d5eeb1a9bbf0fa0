"""Looks at every image file once, before training meets a bad one hours later."""

import concurrent.futures
import dataclasses
import os

import numpy as np

from kerasrecipes._backend.exif_orientation import jpeg_orientation, png_orientation
from kerasrecipes._backend.tensorflow_module import tf
from kerasrecipes._progress import progress
from kerasrecipes.data.host_tensor import host_tensor
from kerasrecipes.data.image_header import (
    CMYK,
    JPEG_SIGNATURE,
    PNG_SIGNATURE,
    image_header,
)
from kerasrecipes.data.pillow_image import (
    BOMB_PIXELS,
    BOMB_RATIO,
    MOST_PIXELS,
    file_problem,
    pillow_facts,
)

BATCH = 64


@dataclasses.dataclass(frozen=True)
class ImageCheck:
    """What is known of N files after a look at each.

    Attributes:
        short_sides: int64 array of shape (N,), the shorter side in pixels.
        channels: int64 array of shape (N,), 1 to 4 as stored, an alpha channel included.
        fingerprints: int64 array of shape (N,), a hash of the bytes.
        orientations: int64 array of shape (N,), that of EXIF, 1 for upright.
        through_pillow: bool array of shape (N,), which files TensorFlow does not decode.
        problems: dict from index, in order, to the reason why the file cannot be used.
    """

    short_sides: np.ndarray
    channels: np.ndarray
    fingerprints: np.ndarray
    orientations: np.ndarray
    through_pillow: np.ndarray
    problems: dict[int, str]

    def usable(self):
        """Sorted indices of the files without a problem."""
        return np.setdiff1d(np.arange(len(self.channels)), [*self.problems])


def check_images(paths):
    """Reads and decodes every file, in parallel, and keeps none.

    The decoder is the one that reads them in training, for JPEG at an eighth of the size: it
    goes through all of the compressed data, so that it fails now on what would fail later, in a
    fraction of the time. What TensorFlow does not decode, Pillow does. Nothing but regular files
    is opened, and no image is decoded whose header asks for too much memory.

    Args:
        paths: list of strings, names of files.

    Returns:
        An `ImageCheck`.
    """
    facts = np.zeros((len(paths), 5), np.int64)
    problems = {index: file_problem(path) for index, path in enumerate(paths)}
    regular = np.array([index for index, problem in problems.items() if problem is None], np.int64)
    through_pillow = np.zeros(len(paths), bool)
    with progress("checking images", len(paths)) as advance:
        for indices, rows in _inspections(paths, regular) if len(regular) else ():
            facts[indices] = rows
            advance(len(indices))
        others = [index for index in regular if not 0 < facts[index, 1] <= 4]
        with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
            looks = pool.map(
                lambda index: _look_with_pillow(paths[index], facts[index, 1] == CMYK), others
            )
            for index, (row, problem) in zip(others, looks):
                facts[index], problems[int(index)] = row, problem
                through_pillow[index] = problem is None
                advance(1)
    problems = {index: problem for index, problem in problems.items() if problem}
    return ImageCheck(*facts.T[:4], through_pillow, problems)


def fingerprint(contents):
    """A hash of the bytes: an int64 scalar."""
    return tf.strings.to_hash_bucket_fast(contents, 2**63 - 1)


def _inspections(paths, indices):
    """Yield batches of (indices, facts); a file that does not decode is in none of them."""
    paths = host_tensor([os.fsencode(path) for path in paths])
    options = tf.data.Options()
    options.autotune.enabled = False
    options.deterministic = False
    dataset = tf.data.Dataset.from_tensor_slices(host_tensor(indices)).map(
        lambda index: (index, _inspect(tf.gather(paths, index))),
        num_parallel_calls=os.cpu_count(),
    )
    dataset = dataset.ignore_errors(log_warning=False).batch(BATCH).with_options(options)
    return dataset.as_numpy_iterator()


def _inspect(path):
    """Short side, channels and fingerprint of a file; fails where decoding fails."""
    contents = tf.io.read_file(path)
    height, width, channels = image_header(contents)
    pixels, length = height * width, tf.strings.length(contents)
    ratio = pixels // tf.maximum(tf.cast(length, tf.int64), 1)
    bomb = (pixels > MOST_PIXELS) | ((pixels > BOMB_PIXELS) & (ratio >= BOMB_RATIO))
    with tf.control_dependencies([tf.debugging.Assert(~bomb, ["too many pixels"])]):
        decoded = tf.io.decode_jpeg(tf.identity(contents), ratio=8)  # PNG too, in full size
    # The number of decoded values is asked for, lest the decoding be optimised away.
    values = tf.size(decoded, out_type=tf.int64)
    turned = tf.cast(_orientation(contents), tf.int64)
    return tf.stack([tf.minimum(height, width), channels, fingerprint(contents), turned, values])


def _orientation(contents):
    is_jpeg = tf.strings.substr(contents, 0, len(JPEG_SIGNATURE)) == JPEG_SIGNATURE
    return tf.cond(
        is_jpeg,
        lambda: jpeg_orientation(contents, lambda search: search()),
        lambda: png_orientation(contents),  # what is no JPEG here is a PNG
    )


def _look_with_pillow(path, four_inks):
    """The facts of a file that TensorFlow does not decode, and why it cannot be used or `None`.

    A JPEG that is not of four inks, or a PNG, is one that TensorFlow failed on: it is damaged.
    """
    nothing = (0, 0, 0, 0, 0)
    try:
        with open(path, "rb") as file:
            start = file.read(len(PNG_SIGNATURE))
        kind = "PNG" if start == PNG_SIGNATURE else "JPEG" if start[:3] == JPEG_SIGNATURE else ""
        facts = pillow_facts(path)
    except OSError as error:
        return nothing, error.strerror
    except ValueError as error:
        return nothing, damaged(kind) if kind and "megapixels" not in str(error) else str(error)
    if kind and not four_inks:
        return nothing, damaged(kind)
    mark = int(fingerprint(facts.contents))
    return (facts.short_side, facts.channels, mark, facts.orientation, 1), None


def damaged(kind):
    """The problem of a file whose first bytes are those of `kind`."""
    return f"corrupt or truncated {kind}"
