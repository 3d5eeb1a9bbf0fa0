"""JPEG and PNG files in folders of classes."""

import os
import warnings

import numpy as np
import tensorflow as tf

from kerasrecipes.data.folder_listing import list_folder
from kerasrecipes.data.image_check import check_images, fingerprint
from kerasrecipes.data.image_sets import ImageSets, check_labels, few
from kerasrecipes.data.image_source import ImageSource, host_tensor


def read_folder(root, strict):
    """The sets in a folder, each file checked and none kept in memory.

    Args:
        root: `pathlib.Path` of a folder of class folders, or of `train/` and so on.
        strict: boolean, whether an image that cannot be used is an error.
    """
    listing = list_folder(root)
    check = check_images(listing.paths)
    skipped = [(listing.paths[index], reason) for index, reason in check.problems.items()]
    if skipped:
        _report(root, skipped, len(listing.paths), strict)
    files = ImageSource(
        listing.labels,
        check.short_sides,
        _reader(listing.paths, check.fingerprints),
        check.fingerprints,
        name_of=listing.paths.__getitem__,
    )
    usable = check.usable()
    sets = {
        name: files.subset(usable[(usable >= span.start) & (usable < span.stop)])
        for name, span in listing.spans.items()
    }
    _check_classes_left(root, listing, usable)
    labels = {name: images.labels for name, images in sets.items()}
    check_labels(str(root), labels, len(listing.class_names))
    return ImageSets(
        name=root.resolve().name,
        sets=sets,
        class_names=listing.class_names,
        channels=1 if np.all(check.channels[usable] <= 2) else 3,
        encoded=True,
        skipped=tuple(skipped),
        ignored=listing.ignored,
    )


def _reader(paths, fingerprints):
    """A function that reads the file of an index, and fails if it is not what was checked."""
    paths = host_tensor([os.fsencode(path) for path in paths])
    fingerprints = host_tensor(fingerprints)

    def read(index):
        path = tf.gather(paths, index)
        contents = tf.io.read_file(path)
        same = tf.equal(fingerprint(contents), tf.gather(fingerprints, index))
        message = ["This file has changed since it was checked:", path]
        with tf.control_dependencies([tf.debugging.Assert(same, message)]):
            return tf.identity(contents)

    return read


def _report(root, skipped, total, strict):
    named = few([f"{path} ({reason})" for path, reason in skipped])
    counted = f"{root}: {len(skipped):,} of {total:,} images cannot be used"
    if strict:
        raise ValueError(f"{counted}: {named}")
    warnings.warn(f"{counted} and are skipped: {named}", stacklevel=6)


def _check_classes_left(root, listing, usable):
    for name, span in listing.spans.items():
        left = usable[(usable >= span.start) & (usable < span.stop)]
        lost = np.setdiff1d(listing.labels[span.start : span.stop], listing.labels[left])
        if lost.size:
            raise ValueError(
                f"{root}: no image of class {listing.class_names[lost[0]]!r} in {name} can be used"
            )
