"""Duplicates: across splits (leakage), and within one."""

import itertools
from typing import NamedTuple

import numpy as np

from kerasrecipes._warning import warn
from kerasrecipes.data.image_sets import few
from kerasrecipes.data.image_source import ImageSource


class Duplicate(NamedTuple):
    """An image of a set, `image`, that is also in an earlier set, or earlier in its own, as `twin`.

    Attributes:
        image, set: strings, the path or place of the image, and its set.
        twin, twin_set: the same of the one it is equal to.
        same_class: bool, whether both have the same label.
    """

    image: str
    set: str
    twin: str
    twin_set: str
    same_class: bool


def find_duplicates(sets):
    """Images that are also in an earlier set, or earlier in their own, found by a 64-bit hash.

    Files are equal if their bytes are, arrays if their pixels are: a copy under another name is
    found, one that was resized or compressed again is not.

    Args:
        sets: dict from name to set, training first. Streams are left out.

    Returns:
        A tuple of `Duplicate`, one for each image and set that has it before.
    """
    known = [(name, images) for name, images in sets.items() if isinstance(images, ImageSource)]
    found = []
    for earlier, later in itertools.combinations_with_replacement(known, 2):
        found += _between(*earlier, *later)
    return tuple(found)


def _between(twin_set, twins, name, images):
    values, first = np.unique(twins.fingerprints, return_index=True)
    places = np.minimum(np.searchsorted(values, images.fingerprints), len(values) - 1)
    equal = (values[places] == images.fingerprints) & (images.fingerprints >= 0)  # below: unknown
    for index in np.flatnonzero(equal):
        twin = int(first[places[index]])
        if twins is images and twin == index:
            continue
        yield Duplicate(
            image=images.name_of(int(index)),
            set=name,
            twin=twins.name_of(twin),
            twin_set=twin_set,
            same_class=np.array_equal(images.labels[index], twins.labels[twin]),
        )


def describe_duplicates(duplicates):
    """Yield (a sentence, the duplicates that it is about) for each two sets that share images."""
    for name, twin_set in sorted({(found.set, found.twin_set) for found in duplicates}):
        shared = [found for found in duplicates if (found.set, found.twin_set) == (name, twin_set)]
        other = sum(not found.same_class for found in shared)
        classes = f", {other:,} of them under another class" if other else ""
        if name == twin_set:
            yield f"{name} images that are there twice: {len(shared):,}{classes}.", shared
        else:
            yield (
                f"{name} images that are also in the {twin_set} set: {len(shared):,}{classes}; "
                f"{name} figures are too good (leakage).",
                shared,
            )


def warn_of_duplicates(where, duplicates):
    """A warning for each two sets that share images, and for each that has some twice."""
    for sentence, shared in describe_duplicates(duplicates):
        named = few([f"{found.image} = {found.twin}" for found in shared])
        warn(f"{where}: {sentence} {named}")
