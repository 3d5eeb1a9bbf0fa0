"""Images in shards, named by a pattern: each read by index, as those of a folder."""

import fnmatch
import glob
import os
import re

import numpy as np

from kerasrecipes._printable import printable
from kerasrecipes._shard_kinds import SHARD_KINDS
from kerasrecipes.data import array_record_shards, tfrecord_shards, webdataset_shards
from kerasrecipes.data.folder_listing import FolderListing
from kerasrecipes.data.folder_sets import SET_WORDS
from kerasrecipes.data.folder_source import checked_sets
from kerasrecipes.data.image_check import ImageCheck, check_images
from kerasrecipes.data.image_sets import SETS, check_presence, few
from kerasrecipes.data.shard_images import ShardImages
from kerasrecipes.data.shard_index import ShardIndex, check_sizes, joined, read_stored

FORMATS = dict(zip(SHARD_KINDS, (tfrecord_shards, webdataset_shards, array_record_shards)))
NUMBERED = re.compile(r"(.*?)(\d{2,})-of-(\d{2,})(.*)")


def read_shards(kind, pattern, strict, exif="apply", check=None):
    """The sets in shards.

    Shards of `python -m kerasrecipes.data.shard` have an index beside them, and are not read
    before they are used unless `check` asks for it. Others are read through once.

    Args:
        kind: str, one of `FORMATS`.
        pattern: str, a folder of shards, or a pattern of their paths.
        strict: bool, whether an image that cannot be used is an error.
        exif: "apply" or "ignore", whether images are turned upright as EXIF says.
        check: "all", "sample", "none" or `None`.
    """
    where = f"{kind}:{printable(pattern)}"
    patterns = _patterns(kind, os.path.expanduser(pattern))
    folders = {}
    for path in sorted({path for one in patterns for path in glob.glob(one)}):
        folders.setdefault(os.path.dirname(path), []).append(path)
    if not folders:
        braces = "; braces are not expanded: write `*` or `?`" if "{" in pattern else ""
        raise FileNotFoundError(f"{where}: no shards there{braces}")
    sets, class_names, stored = {}, {}, []
    for folder, paths in folders.items():
        found = _written(kind, folder, patterns, paths)
        stored.append(found is not None)
        names, parts = found or _foreign(kind, where, paths)
        class_names[folder] = names
        for name, part in parts.items():
            sets.setdefault(name, []).append(part)
    if len(set(stored)) > 1:
        raise ValueError(f"{where}: some folders have an index (shards.json), others have none")
    names = _common_names(where, class_names, sets)
    return _described(kind, where, _with_training(where, sets), names, strict, exif, check)


def _patterns(kind, pattern):
    """The pattern; for a folder, those of `x.tfrecord` and `x.tfrecord-00000-of-00008`."""
    if not os.path.isdir(pattern):
        return [pattern]
    every = os.path.join(glob.escape(pattern), f"*{FORMATS[kind].SUFFIX}")
    return [every, f"{every}-*-of-*"]


def _written(kind, folder, patterns, paths):
    """Class names and sets of shards with an index, or `None`."""
    found = read_stored(folder, kind)
    if found is None:
        return None
    class_names, indices, sizes = found
    unknown = [path for path in paths if path not in sizes]
    if unknown:
        raise ValueError(f"{printable(unknown[0])}: is not in the index of its folder, shards.json")
    names = [os.path.basename(one) for one in patterns]  # folders may be spelled in several ways
    wanted = {
        path: size
        for path, size in sizes.items()
        if any(fnmatch.fnmatchcase(os.path.basename(path), name) for name in names)
    }
    check_sizes(wanted)
    chosen = {name: [file in wanted for file in index.files] for name, index in indices.items()}
    return class_names, {
        name: index.part(chosen[name]) for name, index in indices.items() if any(chosen[name])
    }


def _foreign(kind, where, paths):
    """Class names (`None`) and sets of shards without an index, by reading them."""
    _check_complete(where, paths)
    sets = {}
    for path in paths:
        arrays = FORMATS[kind].scan(path)
        count = len(arrays["labels"])
        arrays |= {"shards": np.zeros(count, np.int32), "records": np.arange(count, dtype=np.int32)}
        sets.setdefault(_set_of_file(path), []).append(ShardIndex([path], arrays))
    return None, {name: joined(parts) for name, parts in sets.items()}


def _check_complete(where, paths):
    """Raise where files are numbered 00000-of-00008 and one of the eight is missing."""
    numbered = {}
    for path in paths:
        match = NUMBERED.fullmatch(path)
        if match:
            head, number, count, tail = match.groups()
            numbered.setdefault((head, count, tail), set()).add(int(number))
    for (head, count, tail), numbers in numbered.items():
        missing = sorted(set(range(int(count))) - numbers)
        if missing:
            names = [f"{head}{number:0{len(count)}}-of-{count}{tail}" for number in missing]
            raise FileNotFoundError(
                f"{where}: {len(missing)} of {int(count)} shards are missing: "
                f"{few([os.path.basename(name) for name in names])}"
            )


def _set_of_file(path):
    words = re.findall("[a-z]+", os.path.basename(path).lower())
    sets = {SET_WORDS[word] for word in words if word in SET_WORDS}
    return sets.pop() if len(sets) == 1 else "train"


def _with_training(where, sets):
    """A `ShardIndex` by set; one set alone is the training set, which `load` divides."""
    if len(sets) == 1:
        sets = {"train": next(iter(sets.values()))}
    if "train" not in sets:
        raise ValueError(f"{where}: no training shards. Received: shards of {', '.join(sets)}")
    return {name: joined(sets[name]) for name in SETS if name in sets}


def _common_names(where, class_names, sets):
    """The class names, which must be the same in every folder; numbers where there are none."""
    folders, lists = [*class_names], [*class_names.values()]
    for folder, names in class_names.items():
        if names != lists[0]:
            raise ValueError(
                f"{where}: the class lists of {printable(folders[0])} and {printable(folder)} "
                f"differ: {few(lists[0])}; {few(names)}"
            )
    if lists[0] is not None:
        return lists[0]
    labels = [part.arrays["labels"] for parts in sets.values() for part in parts]
    lowest, highest = min(part.min() for part in labels), max(part.max() for part in labels)
    images = sum(map(len, labels))
    if lowest < 0 or highest >= images:
        raise ValueError(
            f"{where}: labels must be class numbers from 0 to less than the {images:,} images. "
            f"Received: labels from {lowest} to {highest}"
        )
    return tuple(map(str, range(highest + 1)))


def _described(kind, where, sets, class_names, strict, exif, check):
    spans, start = {}, 0
    for name, index in sets.items():
        spans[name] = range(start, start + len(index))
        start += len(index)
    index = joined([*sets.values()])
    images = ShardImages(index, FORMATS[kind].record_reader(index.files))
    known = _known(index) if "fingerprints" in index.arrays else None
    if known is None or check in ("all", "sample"):
        looked = check_images(images, check or "all")
        _check_unchanged(images, known, looked)
        known = known or looked
    labels = index.arrays["labels"]
    check_presence(where, labels[spans["train"].start : spans["train"].stop], class_names)
    listing = FolderListing(images, labels, spans, class_names, ignored=0)
    return checked_sets(where, where, listing, known, strict, exif == "apply")


def _known(index):
    names = ("short_sides", "channels", "fingerprints", "orientations")
    every = np.ones(len(index), bool)
    return ImageCheck(*(index.arrays[name] for name in names), ~every, every, {})


def _check_unchanged(images, known, looked):
    """Raise where an image that was looked at is not the one that was written."""
    if known is None:
        return
    changed = looked.looked & (looked.fingerprints != known.fingerprints)
    if changed.any():
        first = int(np.flatnonzero(changed)[0])
        reason = looked.problems.get(first, "another image")
        raise ValueError(
            f"{printable(images[first])}: is not what was written ({reason}), nor are "
            f"{np.sum(changed) - 1} others of {np.sum(looked.looked)} that were looked at"
        )
