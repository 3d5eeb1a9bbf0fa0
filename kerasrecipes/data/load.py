"""One call for every source of images."""

import os
import pathlib
from collections.abc import Mapping, Sequence
from typing import Any

from kerasrecipes._backend.requirement import require_tensorflow
from kerasrecipes._image_sources import KINDS, SAMPLE, TABLES, TFDS, check_source_is_there
from kerasrecipes._printable import printable
from kerasrecipes._shard_kinds import split_shard_source
from kerasrecipes._validation import check_boolean, check_choice, check_integer
from kerasrecipes._warning import warn
from kerasrecipes.data.array_source import name_arrays, read_arrays
from kerasrecipes.data.class_sizes import (
    class_sizes,
    small_classes,
    warn_of_small_classes,
    warn_of_untested_classes,
)
from kerasrecipes.data.duplicates import find_duplicates, warn_of_duplicates
from kerasrecipes.data.folder_source import read_folder
from kerasrecipes.data.image_check import CHECKS
from kerasrecipes.data.image_data import ImageData
from kerasrecipes.data.image_sets import SETS
from kerasrecipes.data.label_table import read_csv, read_frame
from kerasrecipes.data.npz_source import read_npz
from kerasrecipes.data.shard_source import read_shards
from kerasrecipes.data.split import check_split, fewer, split_sets
from kerasrecipes.data.table_options import TableOptions
from kerasrecipes.data.table_source import read_table
from kerasrecipes.data.tfds_source import read_tfds


def load(
    source: Any,
    split: Any = None,
    seed: int = 0,
    strict: bool = False,
    class_depth: int | None = None,
    exif: str = "apply",
    task: str = "classes",
    image_column: str | None = None,
    label_column: str | Sequence[str] | None = None,
    split_column: str | None = None,
    weight_column: str | None = None,
    check: str | None = None,
    train_images: int | None = None,
) -> ImageData:
    """Loads images for classification and says what they are.

    Args:
        source: one of
            - `"fashion_mnist_sample"`: 6,000 training and 1,000 test images of Fashion-MNIST,
              28x28 grey, in the package;
            - `"tfds:NAME"`: a data set of TensorFlow Datasets with its splits `train`,
              `validation` and `test` where it has them, or a `DatasetBuilder`;
            - a path to a folder of class folders, or to one with a training folder (`train`,
              `training_set`, `seg_train`) and at will `validation` (`val`, `dev`) and `test`
              folders of those. A class is named after its folder, classes and files are sorted,
              hidden files left out, links followed. Files of any size are read when they are
              asked for: JPEG and PNG as they are, WebP, BMP, TIFF, the first frame of a GIF, and
              CMYK as PNG of 8 bits, alpha dropped;
            - a path to a CSV file (`.csv`, `.tsv` or `.txt`) or a pandas frame, a row an image: a
              column of paths, relative to the file (of a frame: to the current folder), one or more
              of labels, and at will `split` and `sample_weight`. Delimiter and header of a file are
              found out. Rows that cannot be used are named by their line;
            - a path to an `.npz` file with uint8 images `x_train`, `x_test` of shape (images,
              height, width) or (images, height, width, 1 or 3) and integer labels `y_train`,
              `y_test`; optional `x_validation`, `y_validation`, `class_names`;
            - `"tfrecord:PATTERN"`, `"webdataset:PATTERN"`, `"arrayrecord:PATTERN"`: shards by a
              pattern of their paths (`*`, `?`, `[0-4]`), or their folder. Those of
              `python -m kerasrecipes.data.shard` have their sets, classes and places beside
              them; others are read through once, and are of the set in their name. TFRecord and
              ArrayRecord files hold `tf.train.Example` with `image` and `label` (or
              `image/encoded`, `image/class/label`); tar files of WebDataset, which must not be
              compressed, hold one image and `.cls`, its class number, a key; tar has no
              checksum of images: damage to them is found only where the decoder finds it;
            - arrays: `(x, y)`, `(x_train, y_train, x_test, y_test)`,
              `((x_train, y_train), (x_test, y_test))`, or a mapping with the keys of an `.npz`.
        split: `None` (default) keeps the source's own sets, and divides a single set 80/10/10.
            `(train, validation, test)` are fractions, which sum to 1, for a single set;
            `(train, validation)` carves validation out of the training set of a source that has
            its own test set. Splits are stratified and disjoint; every class keeps a training
            image.
        seed: int of at least 0 (default 0), chooses the images of a split: same seed, same
            split.
        strict: bool (default `False`). The files of a folder are checked once. Images that
            cannot be used (corrupt, truncated, floats or 32 bits a channel, above 179 megapixels)
            are skipped, counted and named in a warning, or, if strict, are an error.
        check: which image files are read and decoded once. `None` (default) and "all": each,
            but by default none of shards that have an index, which were checked when written.
            "sample": 1,024, evenly spaced, and of all whether they are there and not empty.
            "none": 16. Size and colour are then those of the files looked at; duplicates are found
            among these alone, and a bad file that was not looked at ends training with an error,
            which may not name it: "all" does.
        class_depth: 1 or 2, how many levels below the folder of a set the class folders are; for
            2 a class is named `"plants/oak"`. `None` (default) is 1, and an error where folders
            hold no images directly but several folders of images.
        exif: "apply" (default) turns the images of a folder upright as a camera noted it, as
            phones and browsers show them; "ignore" leaves them as stored.
        task: what the labels of a table are: "classes" (default), one class an image;
            "multilabel", any number of labels: "dog;outdoor" in a cell, or a column of 0 and 1 for
            each label; "regression", numbers in one column or more.
        image_column, split_column, weight_column: names of columns of a table. `None` (default) is
            the one with a usual name: `image`, `file`, `filename`, `path`, ...; `split`, `set`;
            `sample_weight`, `weight`; training batches of `augment.pipeline` have the weights.
        label_column: name of a column of a table, or several names. `None` (default) is `label`,
            `labels`, `class`, `target`, ..., or, for several labels or numbers without a column of
            such a name, all columns that are nothing else.
        train_images: int of at least the number of classes, or `None` (default): train on at most
            so many images, drawn by `seed` from the training set after the split, each class in
            proportion. What is held out stays the same.

    Images of one set that are in another one too, and classes of fewer than 10 images before
    the split, are named in warnings; streams of TensorFlow Datasets are not looked
    through for them.

    Returns:
        An `ImageData`.

    Raises:
        FileNotFoundError: a path that is not there, or a data set that cannot be downloaded.
        ImportError: a package that is not installed; the message names the extra.
        ValueError: data that cannot be used. Each message is one line.
        TypeError: an argument of the wrong type.

    Example:

    >>> from kerasrecipes.data import load
    >>> data = load("fashion_mnist_sample", split=(0.9, 0.1))
    >>> data.train_size, data.validation_size, data.test_size
    (5400, 600, 1000)
    >>> image, label = data.train[0]
    >>> image.shape, data.num_classes, data.short_side
    ((28, 28, 1), 10, 28)

    Reference: the sample is from Fashion-MNIST, Xiao, Rasul and Vollgraf, 2017,
    https://arxiv.org/abs/1708.07747.
    """
    check_split(split)
    check_integer("seed", seed, "[0, inf)")
    check_boolean("strict", strict)
    if train_images is not None:
        check_integer("train_images", train_images, "[1, inf)")
    if class_depth is not None:
        check_integer("class_depth", class_depth, "[1, 2]")
    check_choice("exif", exif, ("apply", "ignore"))
    if check is not None:
        check_choice("check", check, CHECKS)
    table = TableOptions(task, image_column, label_column, split_column, weight_column)
    read = _read(source, table, strict=strict, class_depth=class_depth, exif=exif, check=check)
    if check is not None and read.unchecked is None:
        warn(
            f"Argument `check` is for image files and has no effect on {read.name}. "
            f"Received: check={check!r}"
        )
    sets = split_sets(read.name, read.sets, split, seed)
    sets = {**sets, "train": fewer(sets["train"], train_images, seed, read.name)}
    duplicates = find_duplicates(sets)
    warn_of_duplicates(read.name, duplicates)
    small = small_classes(read.sets["train"], read.class_names)
    warn_of_small_classes(read.name, small, len(read.class_names))
    warn_of_untested_classes(read.name, read.sets, read.class_names)
    return ImageData(
        name=read.name,
        **{name: sets.get(name) for name in SETS},
        class_names=read.class_names,
        channels=read.channels,
        short_side=sets["train"].short_side(),
        encoded=read.encoded,
        skipped=read.skipped,
        ignored=read.ignored,
        turned=read.turned,
        unchecked=read.unchecked or 0,
        class_sizes=class_sizes(sets["train"], len(read.class_names)),
        duplicates=duplicates,
        small_classes=small,
    )


def _read(source, table, **options):
    of_table = {name: options[name] for name in ("strict", "exif", "check")}
    if hasattr(source, "columns") and hasattr(source, "index"):
        require_tensorflow("Image files in a table")
        return read_table(read_frame(source), table, **of_table)
    if isinstance(source, (str, os.PathLike)):
        try:
            return _read_named(os.fspath(source), table, **options)
        except FileNotFoundError:
            raise
        except OSError as error:
            raise ValueError(
                f"{printable(error.filename)}: cannot be read ({error.strerror})"
            ) from error
    table.check_no_effect("source")
    if isinstance(source, Mapping):
        return read_arrays(source)
    if isinstance(source, (tuple, list)):
        return read_arrays(name_arrays(source))
    if hasattr(source, "as_dataset"):
        return read_tfds(source)
    raise TypeError(
        f"Argument `source` must be {KINDS}. Received: an object of type {type(source).__name__}"
    )


def _read_named(source, table, **options):
    path = pathlib.Path(os.path.expanduser(source))
    if path.suffix.lower() in TABLES and path.is_file():
        require_tensorflow(f"{printable(path)}: image files in a table")
        of_table = {name: options[name] for name in ("strict", "exif", "check")}
        return read_table(read_csv(path), table, **of_table)
    table.check_no_effect(source)
    if source == SAMPLE:
        return read_npz(pathlib.Path(__file__).with_name(f"{SAMPLE}.npz"))
    if source.startswith(TFDS):
        require_tensorflow(f"{source}: data sets of TensorFlow Datasets")
        return read_tfds(source.removeprefix(TFDS))
    kind, pattern = split_shard_source(source)
    if kind is not None:
        require_tensorflow(f"{kind}: shards")
        options.pop("class_depth")
        return read_shards(kind, pattern, **options)
    if source and path.is_dir():
        require_tensorflow(f"{printable(path)}: folders of image files")
        return read_folder(path, **options)
    if path.suffix == ".npz" and path.exists():
        return read_npz(path)
    check_source_is_there(source)
    raise ValueError(f"{printable(path)}: not a source of images, which are {KINDS}")
