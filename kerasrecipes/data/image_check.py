"""Looks at image files once, before training meets a bad one hours later."""

import concurrent.futures
import dataclasses
import os
import zlib

import numpy as np

from kerasrecipes._backend.tensorflow_module import tf
from kerasrecipes._progress import progress
from kerasrecipes.data.host_tensor import host_tensor
from kerasrecipes.data.image_header import CMYK
from kerasrecipes.data.image_look import inspect, look_with_pillow

BATCH = 64
CHECKS = ("all", "sample", "none")
FACTS = (np.int32, np.uint8, np.int64, np.uint8)  # side, channels, fingerprint, orientation
LOOKS = {"sample": 1024, "none": 16}


@dataclasses.dataclass(frozen=True)
class ImageCheck:
    """What is known of N files after a look at each, or at some.

    Attributes:
        short_sides: int32 array of shape (N,), the shorter side in pixels; of a file that was not
            looked at, the median.
        channels: uint8 array of shape (N,), 1 to 4 as stored, an alpha channel included; of a file
            that was not looked at, the most.
        fingerprints: int64 array of shape (N,), a hash of the bytes; of a file that was not looked
            at, one of its name, below 0.
        orientations: uint8 array of shape (N,), that of EXIF, 1 for upright; 0 is not known.
        through_pillow: bool array of shape (N,), which files TensorFlow does not decode.
        looked: bool array of shape (N,), which files were looked at.
        problems: dict from index, in order, to the reason why the file cannot be used.
    """

    short_sides: np.ndarray
    channels: np.ndarray
    fingerprints: np.ndarray
    orientations: np.ndarray
    through_pillow: np.ndarray
    looked: np.ndarray
    problems: dict[int, str]

    def usable(self):
        """Sorted indices of the files without a problem."""
        return np.flatnonzero(_mask(len(self.channels), [*self.problems], False))


def check_images(files, check="all"):
    """Reads and decodes files, in parallel, and keeps none.

    The decoder is the one that reads them in training, for JPEG at an eighth of the size: it
    goes through all of the compressed data, so that it fails now on what would fail later, in a
    fraction of the time. What TensorFlow does not decode, Pillow does. Nothing but regular files
    is opened, and no image is decoded whose header asks for too much memory.

    Args:
        files: `PathList`, or what has its methods.
        check: "all"; "sample", 1,024 evenly spaced files, and of all whether they are there and
            not empty; or "none", 16 files, which tell size and colour.

    Returns:
        An `ImageCheck`.
    """
    chosen = _chosen(len(files), check)
    if check == "none":
        problems = {int(index): files.problem(index) for index in chosen}
    else:
        problems = files.all_problems()
    bad = [index for index, problem in problems.items() if problem]
    facts = [np.zeros(len(files), dtype) for dtype in FACTS]
    through_pillow = np.zeros(len(files), bool)
    regular = chosen[_mask(len(files), bad, False)[chosen]]
    with progress("checking images", len(chosen)) as advance:
        for indices, rows in _inspections(files, regular) if len(regular) else ():
            _store(facts, indices, rows)
            advance(len(indices))
        others = [index for index in regular if not 0 < facts[1][index] < CMYK]
        for index, row, problem in _looks_with_pillow(files, others, facts):
            _store(facts, [index], [row])
            problems[int(index)] = problem
            through_pillow[index] = problem is None
            advance(1)
    problems = {index: problems[index] for index in sorted(problems) if problems[index]}
    looked = _mask(len(files), chosen, True)
    _fill(facts, regular[_mask(len(files), [*problems], False)[regular]], ~looked, files)
    return ImageCheck(*facts, through_pillow, looked, problems)


def _chosen(count, check):
    """Indices of the files to look at: all, or some that are evenly spaced."""
    looks = min(LOOKS.get(check, count), count)
    return np.arange(looks, dtype=np.int64) * count // max(looks, 1)


def _store(facts, indices, rows):
    for values, column in zip(facts, np.asarray(rows).T):
        values[indices] = column


def _mask(count, indices, value):
    """A bool array with `value` at some indices, and its opposite elsewhere."""
    mask = np.full(count, not value)
    mask[np.asarray(indices, np.int64)] = value
    return mask


def _fill(facts, good, unknown, files):
    """Estimate the facts of files that were not looked at from those of the good ones."""
    if not unknown.any() or not len(good):
        return
    facts[0][unknown] = np.median(facts[0][good])
    facts[1][unknown] = facts[1][good].max()
    names = (os.path.basename(path) for path in files)
    hashes = np.fromiter((zlib.crc32(os.fsencode(name)) for name in names), np.int64, len(files))
    facts[2][unknown] = -1 - hashes[unknown]


def _inspections(files, indices):
    """Yield batches of (indices, facts); a file that does not decode is in none of them."""
    options = tf.data.Options()
    options.autotune.enabled = False
    options.deterministic = False
    dataset = tf.data.Dataset.from_tensor_slices(host_tensor(indices)).map(
        lambda index: (index, inspect(files.contents(index))),
        num_parallel_calls=os.cpu_count(),
    )
    dataset = dataset.ignore_errors(log_warning=False).batch(BATCH).with_options(options)
    return dataset.as_numpy_iterator()


def _looks_with_pillow(files, indices, facts):
    """Yield (index, facts, problem or `None`) of files that TensorFlow did not decode."""

    def look(index):
        try:
            contents = files.read(index)
        except OSError as error:
            return index, (0, 0, 0, 0), error.strerror
        return index, *look_with_pillow(contents, facts[1][index] == CMYK)

    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        yield from pool.map(look, indices)
