"""Images that are in two sets: what was trained on tells nothing when tested on."""

import itertools
import warnings
from typing import NamedTuple

import numpy as np

from kerasrecipes.data.image_source import few
from kerasrecipes.data.indexed_images import IndexedImages


class Duplicate(NamedTuple):
    """An image of a set, `image`, that is also in an earlier set, as `twin`.

    Attributes:
        image, set: strings, the path or place of the image, and its set.
        twin, twin_set: the same of the one it is equal to, in training or validation.
        same_class: boolean, whether both have the same label.
    """

    image: str
    set: str
    twin: str
    twin_set: str
    same_class: bool


def find_duplicates(sets):
    """Images of one set that are in an earlier one too, found by a 64-bit hash.

    Files are equal if their bytes are, arrays if their pixels are: a copy under another name is
    found, one that was resized or compressed anew is not.

    Args:
        sets: dict from name to set, training first. Streams are left out.

    Returns:
        A tuple of `Duplicate`, one for each image and earlier set.
    """
    known = [(name, images) for name, images in sets.items() if isinstance(images, IndexedImages)]
    found = []
    for earlier, later in itertools.combinations(known, 2):
        found += _between(*earlier, *later)
    return tuple(found)


def _between(twin_set, twins, name, images):
    values, first = np.unique(twins.fingerprints, return_index=True)
    places = np.minimum(np.searchsorted(values, images.fingerprints), len(values) - 1)
    for index in np.flatnonzero(values[places] == images.fingerprints):
        twin = int(first[places[index]])
        yield Duplicate(
            image=images.name_of(int(index)),
            set=name,
            twin=twins.name_of(twin),
            twin_set=twin_set,
            same_class=bool(images.labels[index] == twins.labels[twin]),
        )


def warn_of_duplicates(where, duplicates, sets):
    """A warning for each two sets that share images."""
    pairs = sorted({(found.set, found.twin_set) for found in duplicates})
    for name, twin_set in pairs:
        shared = [found for found in duplicates if (found.set, found.twin_set) == (name, twin_set)]
        named = few([f"{found.image} = {found.twin}" for found in shared])
        other = sum(not found.same_class for found in shared)
        classes = f", {other} of them under another class" if other else ""
        warnings.warn(
            f"{where}: {len(shared):,} of {sets[name].size:,} {name} images are also in the "
            f"{twin_set} set{classes}: {name} figures flatter. {named}",
            stacklevel=3,
        )
