"""Write a folder of images into shards: a few large files, each image still read by its index.

    python -m kerasrecipes.data.shard FOLDER OUT
    python recipes/resnet_crop.py --data tfrecord:OUT

`--format webdataset` writes tar files, `--format arrayrecord` those of Grain; the source is then
`webdataset:OUT` or `arrayrecord:OUT`.

The shards give the images of the folder, upright as EXIF says, in its order, bit for bit; beside
them stand shards.json (classes and counts) and shards.npz (where each image is). OUT appears when
it is complete; what a killed process leaves is removed by the same command.
"""

import argparse
import os
import pathlib
import shutil
import sys

import numpy as np

from kerasrecipes._atomic_write import PART, atomic_write
from kerasrecipes._backend.requirement import require_array_record
from kerasrecipes._backend.tensorflow_module import tf
from kerasrecipes._folder_lock import NAME as LOCK
from kerasrecipes._folder_lock import FolderLock
from kerasrecipes._printable import printable
from kerasrecipes._progress import progress
from kerasrecipes._validation import check_choice, check_integer
from kerasrecipes.data.folder_source import read_folder
from kerasrecipes.data.image_look import inspect
from kerasrecipes.data.shard_index import DTYPES, ShardIndex, store
from kerasrecipes.data.shard_source import FORMATS

IMAGES_A_SHARD = 1000


def write_shards(folder, out, kind="tfrecord", shards=None, strict=False, class_depth=None):
    """Write the images of a folder into shards; nothing is left in `out` unless all of it is.

    Args:
        folder: path of a folder as `data.load` takes it.
        out: path of a folder that does not exist. After a kill, what was written is removed and
            written again.
        kind: str, the format: "tfrecord", "webdataset" or "arrayrecord".
        shards: int >= 1, files of the training set; other sets have as many for their images.
            `None` (default) is one for 1,000 images.
        strict, class_depth: those of `data.load`.

    Raises:
        ValueError: where `out` is there already, or images cannot be used.
        ImportError: where the package of the format is not installed.
        OSError: where `out` cannot be written.
    """
    check_choice("format", kind, tuple(FORMATS))
    if kind == "arrayrecord":
        require_array_record()
    if shards is not None:
        check_integer("shards", shards, "[1, 99999]")
    out = pathlib.Path(out)
    if out.exists():
        raise ValueError(f"{printable(out)}: is there already, and is not overwritten")
    if not pathlib.Path(folder).is_dir():
        raise FileNotFoundError(f"No such folder: {printable(folder)}")
    read = read_folder(pathlib.Path(folder), strict, class_depth)
    temporary = out.with_name(f"{PART}{out.name}")
    temporary.mkdir(parents=True, exist_ok=True)
    with FolderLock(temporary):
        if out.exists():
            raise ValueError(f"{printable(out)}: was written by another process meanwhile")
        _clear(temporary)
        with atomic_write(out):
            with progress("writing images", sum(map(len, read.sets.values()))) as advance:
                sets = _write_sets(temporary, kind, shards, read.sets, advance)
            store(temporary, kind, read.class_names, sets)
    (out / LOCK).unlink(missing_ok=True)


def _clear(folder):
    """Remove what a killed process has left."""
    for path in folder.iterdir():
        if path.name != LOCK:
            shutil.rmtree(path) if path.is_dir() else path.unlink()


def _write_sets(folder, kind, shards, sets, advance):
    per_shard = IMAGES_A_SHARD if shards is None else len(sets["train"]) / shards
    if per_shard < 1:
        raise ValueError(
            f"Argument `shards` must be at most the {len(sets['train'])} training images. "
            f"Received: shards={shards}"
        )
    indices = {}
    for name, images in sets.items():
        count = max(1, round(len(images) / per_shard))
        indices[name] = _write_set(folder, kind, name, images, count, advance)
    return indices


def _write_set(folder, kind, name, images, count, advance):
    """Deal the images of a set to its shards in turn, so that each has some of every class."""
    arrays = {key: np.zeros(len(images), dtype) for key, dtype in DTYPES.items()}
    dealt = [np.arange(shard, len(images), count) for shard in range(count)]
    stream = _read(images.subset(np.concatenate(dealt)))  # one for all: to begin takes a second
    files = []
    for shard, numbers in enumerate(dealt):
        path = folder / f"{name}-{shard:05}-of-{count:05}{FORMATS[kind].SUFFIX}"
        files.append(path)
        arrays["shards"][numbers] = shard
        arrays["records"][numbers] = np.arange(len(numbers))
        with FORMATS[kind].open_writer(path) as write:
            for number, (image, label, facts) in zip(numbers, stream):
                row = (*write(int(number), image, int(label)), label, *facts[:4])
                for key, value in zip([*DTYPES][2:], row):
                    arrays[key][number] = value
                advance(1)
    return ShardIndex(files, arrays)


def _read(images):
    """Yield the bytes, the label and what a look tells, in order."""

    def element(index):
        image, label = images.element(index)
        return image, label, inspect(image)

    options = tf.data.Options()
    options.autotune.enabled = False
    dataset = tf.data.Dataset.range(len(images)).map(element, num_parallel_calls=os.cpu_count())
    return dataset.prefetch(16).with_options(options).as_numpy_iterator()


def main(arguments=None):
    """The command line; returns the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m kerasrecipes.data.shard",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("folder", help="folder of class folders, or of train/, validation/, test/")
    parser.add_argument("out", help="folder to write, which must not exist")
    parser.add_argument("--format", choices=[*FORMATS], default="tfrecord")
    parser.add_argument("--shards", type=int, help="training shards (default: 1 for 1,000 images)")
    parser.add_argument("--class-depth", type=int, choices=(1, 2), help="as of the recipes")
    parser.add_argument("--strict", action="store_true", help="stop at a bad image")
    given = parser.parse_args(arguments)
    try:
        write_shards(
            given.folder, given.out, given.format, given.shards, given.strict, given.class_depth
        )
    except (ValueError, OSError, ImportError) as error:
        print(error, file=sys.stderr)
        return 2
    except tf.errors.OpError as error:  # a full disk, or a file that changed meanwhile
        print(f"{given.out}: {error.message.splitlines()[0]}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
    print(f"--data {given.format}:{printable(given.out)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
