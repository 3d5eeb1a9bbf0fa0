"""Image files in folders of classes."""

import numpy as np

from kerasrecipes._backend.exif_orientation import UPRIGHT
from kerasrecipes._printable import printable
from kerasrecipes._warning import warn
from kerasrecipes.data.checked_reader import checked_reader
from kerasrecipes.data.folder_listing import list_folder
from kerasrecipes.data.image_check import check_images
from kerasrecipes.data.image_sets import ImageSets, check_labels, few
from kerasrecipes.data.image_source import ImageSource


def read_folder(root, strict, class_depth=None, exif="apply", check=None):
    """The sets in a folder, its files checked and none kept in memory.

    Args:
        root: `pathlib.Path` of a folder of class folders, or of `train/` and so on.
        strict: bool, whether an image that cannot be used is an error.
        class_depth: 1, 2 or `None`, how many levels down the class folders are.
        exif: "apply" or "ignore", whether images are turned upright as EXIF says.
        check: "all", "sample", "none" or `None` for all, which files are looked at.
    """
    listing = list_folder(root, class_depth)
    title = printable(root.resolve().name)
    return read_listing(printable(root), title, listing, strict, exif == "apply", check)


def read_listing(where, title, listing, strict, turn, check):
    """The sets of listed files, which are checked; none is kept in memory.

    Args:
        where, title: strings, the source in messages, and the name of the data.
        listing: `FolderListing`.
        strict: bool, whether an image that cannot be used is an error.
        turn: bool, whether images are turned upright as EXIF says.
        check: "all", "sample", "none" or `None` for all, which files are looked at.
    """
    check = check_images(listing.paths, check or "all")
    return checked_sets(where, title, listing, check, strict, turn)


def checked_sets(where, title, listing, check, strict, turn):
    """The `ImageSets` of a `FolderListing` and its `ImageCheck`."""
    places = listing.places or listing.paths
    skipped = [*listing.problems]
    skipped += [(places[index], reason) for index, reason in check.problems.items()]
    if skipped:
        _report(where, skipped, len(listing.paths) + len(listing.problems), strict)
    files = ImageSource(
        listing.labels,
        check.short_sides,
        checked_reader(listing.paths, check, turn),
        check.fingerprints,
        name_of=listing.paths.__getitem__,
        task=listing.task,
        weights=listing.weights,
    )
    usable = check.usable()
    _check_known(where, check)
    sets = {name: _part(files, usable, span) for name, span in listing.spans.items()}
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
        unchecked=int(np.sum(~check.looked[usable])),
        turned=int(np.sum(check.orientations[usable] > UPRIGHT)) if turn else 0,
    )


def _report(where, skipped, total, strict):
    named = few([f"{path} ({reason})" for path, reason in skipped])
    counted = f"{where}: {len(skipped):,} of {total:,} images cannot be used"
    if strict:
        raise ValueError(f"{counted}: {named}")
    warn(f"{counted} and are skipped: {named}")


def _part(files, usable, span):
    """The usable images of a span; the files themselves if these are all, which copies nothing."""
    indices = usable[(usable >= span.start) & (usable < span.stop)]
    return files if len(indices) == len(files) else files.subset(indices)


def _check_known(where, check):
    """Raise where no image that was looked at can be used: size and colour are not known."""
    if not np.all(check.looked) and not np.any(check.channels[check.looked]):
        first = next(iter(check.problems.values()))
        raise ValueError(
            f"{where}: none of the {np.sum(check.looked)} images that were looked at can be used "
            f"({first}). Give check='all'"
        )


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
