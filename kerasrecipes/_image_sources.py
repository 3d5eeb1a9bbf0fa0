"""What texts name as sources of images, told before anything slow is imported."""

import os
import pathlib

from kerasrecipes._printable import printable
from kerasrecipes._shard_kinds import split_shard_source

SAMPLE = "fashion_mnist_sample"
KINDS = (
    f"'{SAMPLE}', 'tfds:NAME', a folder of class folders, 'tfrecord:PATTERN', "
    "'webdataset:PATTERN', 'arrayrecord:PATTERN', a CSV file of files and labels, a pandas frame "
    "of those, an .npz file, or arrays"
)
TABLES = (".csv", ".tsv", ".txt")
TFDS = "tfds:"


def check_source_is_there(source):
    """Raise where a text names a file or folder that is not there, or nothing that is known.

    Data sets of TensorFlow Datasets and patterns of shards are left to those who read them.

    >>> from kerasrecipes._image_sources import check_source_is_there
    >>> check_source_is_there("fashion_mnist_sample")
    >>> check_source_is_there("photos.csv")
    Traceback (most recent call last):
    FileNotFoundError: No such file or folder: photos.csv
    """
    is_of_others = source.startswith(TFDS) or split_shard_source(source)[0] is not None
    path = pathlib.Path(os.path.expanduser(source))
    if source == SAMPLE or is_of_others or (source and path.exists()):
        return
    if path.suffix in (".npz", *TABLES) or os.sep in source or source.startswith((".", "~")):
        raise FileNotFoundError(f"No such file or folder: {printable(path)}")
    raise ValueError(f"Unknown source and no such folder: {source!r}. Sources are {KINDS}")
