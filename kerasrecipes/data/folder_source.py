"""Image files in folders of classes."""

import os
import warnings

import numpy as np

from kerasrecipes._backend.exif_orientation import UPRIGHT
from kerasrecipes._backend.tensorflow_module import tf
from kerasrecipes._printable import printable
from kerasrecipes.data.folder_listing import list_folder
from kerasrecipes.data.host_tensor import host_tensor
from kerasrecipes.data.image_check import check_images, fingerprint
from kerasrecipes.data.image_sets import ImageSets, check_labels, few
from kerasrecipes.data.image_source import ImageSource
from kerasrecipes.data.pillow_image import pillow_png


def read_folder(root, strict, class_depth=None, exif="apply"):
    """The sets in a folder, each file checked and none kept in memory.

    Args:
        root: `pathlib.Path` of a folder of class folders, or of `train/` and so on.
        strict: bool, whether an image that cannot be used is an error.
        class_depth: 1, 2 or `None`, how many levels down the class folders are.
        exif: "apply" or "ignore", whether images are turned upright as EXIF says.
    """
    listing = list_folder(root, class_depth)
    title = printable(root.resolve().name)
    return read_listing(printable(root), title, listing, strict, exif == "apply")


def read_listing(where, title, listing, strict, turn):
    """The sets of listed files, each file checked and none kept in memory.

    Args:
        where, title: strings, the source in messages, and the name of the data.
        listing: `FolderListing`.
        strict: bool, whether an image that cannot be used is an error.
        turn: bool, whether images are turned upright as EXIF says.
    """
    check = check_images(listing.paths)
    places = listing.places or listing.paths
    skipped = [*listing.problems]
    skipped += [(places[index], reason) for index, reason in check.problems.items()]
    if skipped:
        _report(where, skipped, len(listing.paths) + len(listing.problems), strict)
    files = ImageSource(
        listing.labels,
        check.short_sides,
        _reader(listing.paths, check, turn),
        check.fingerprints,
        name_of=listing.paths.__getitem__,
        task=listing.task,
        weights=listing.weights,
    )
    usable = check.usable()
    sets = {
        name: files.subset(usable[(usable >= span.start) & (usable < span.stop)])
        for name, span in listing.spans.items()
    }
    _check_images_left(where, listing, usable)
    if listing.task == "classes":
        labels = {name: images.labels for name, images in sets.items()}
        check_labels(where, labels, len(listing.class_names))
    return ImageSets(
        name=title,
        sets=sets,
        class_names=listing.class_names,
        channels=1 if np.all(check.channels[usable] <= 2) else 3,
        encoded=True,
        skipped=tuple(skipped),
        ignored=listing.ignored,
        turned=int(np.sum(check.orientations[usable] > UPRIGHT)) if turn else 0,
    )


def _reader(paths, check, turn):
    """A function that reads the file of an index, and fails if it is not what was checked.

    What TensorFlow does not decode is given as PNG. Decoders turn what EXIF says, so that where
    nothing is to be turned the name of its segment is overwritten.
    """
    paths = host_tensor([os.fsencode(path) for path in paths])
    fingerprints = host_tensor(check.fingerprints)
    some = bool(np.any(check.through_pillow))
    through_pillow = host_tensor(check.through_pillow)
    orientations = host_tensor(check.orientations)

    def png(contents):  # a tensor: as NumPy, zeros at the end would be lost
        return pillow_png(contents.numpy(), turn)

    def read(index):
        path = tf.gather(paths, index)
        contents = tf.io.read_file(path)
        same = tf.equal(fingerprint(contents), tf.gather(fingerprints, index))
        message = ["This file has changed since it was checked:", path]
        with tf.control_dependencies([tf.debugging.Assert(same, message)]):
            contents = tf.identity(contents)
        if not turn:
            tagged = tf.gather(orientations, index) > UPRIGHT
            contents = tf.cond(tagged, lambda: _without_exif(contents), lambda: contents)
        if not some:
            return contents
        converted = lambda: tf.py_function(png, [contents], tf.string)  # noqa: E731
        contents = tf.cond(tf.gather(through_pillow, index), converted, lambda: contents)
        return tf.ensure_shape(contents, [])

    return read


def _without_exif(contents):
    """A JPEG or PNG that decoders take as stored; of the same length, so that nothing moves."""
    is_png = tf.strings.substr(contents, 0, 4) == b"\x89PNG"
    names = {"eXIf": "exIf", "Exif\\x00\\x00": "exif--"}
    png, jpeg = (
        lambda old=old, new=new: tf.strings.regex_replace(contents, old, new, replace_global=False)
        for old, new in names.items()
    )
    return tf.cond(is_png, png, jpeg)


def _report(where, skipped, total, strict):
    named = few([f"{path} ({reason})" for path, reason in skipped])
    counted = f"{where}: {len(skipped):,} of {total:,} images cannot be used"
    if strict:
        raise ValueError(f"{counted}: {named}")
    warnings.warn(f"{counted} and are skipped: {named}", stacklevel=6)


def _check_images_left(where, listing, usable):
    for name, span in listing.spans.items():
        left = usable[(usable >= span.start) & (usable < span.stop)]
        if not left.size:
            raise ValueError(f"{where}: no image in {name} can be used")
        if listing.task != "classes":
            continue
        lost = np.setdiff1d(listing.labels[span.start : span.stop], listing.labels[left])
        if lost.size:
            raise ValueError(
                f"{where}: no image of class {listing.class_names[lost[0]]!r} in {name} can be used"
            )
