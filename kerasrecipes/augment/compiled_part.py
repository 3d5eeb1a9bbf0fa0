"""Transforms of `OnDevice` in parts, each compiled where that pays."""

import functools

import keras
import numpy as np
from keras import ops

from kerasrecipes._backend.compiled_function import compiled_function
from kerasrecipes.augment.array_transform import apply_all


class CompiledPart:
    """Transforms in a row as one function, compiled once for batches up to a size.

    XLA compiles each batch size anew. So a smaller batch repeats its last image up to the smallest
    size that was compiled, and the results of the repeats are cut off. That is right for mixing
    too, which takes the image before: for the first, the last. It begins its part, as what follows
    a mixing of repeats would differ.

    What chooses from several operations is not compiled on TensorFlow: one function of all of
    them takes ten times as long there as one after the other.

    Args:
        transforms: list of transforms.
    """

    def __init__(self, transforms):
        self.transforms = transforms
        self.takes_labels = any(transform.takes_labels for transform in transforms)
        backend = keras.backend.backend()
        chooses = any(transform.chooses_operations for transform in transforms)
        self._compiles = backend == "jax" or (backend == "tensorflow" and not chooses)
        self._compiled = {}  # {(batch size, what else the shapes depend on): function}

    def __call__(self, images, labels, drawn):
        """Return images and labels after the transforms, of which `drawn` has the draws."""
        if not self._compiles:
            return apply_all(self.transforms, images, labels, drawn)
        count = images.shape[0]
        given = [part for part in (images, labels) if part is not None]
        kind = tuple((tuple(part.shape[1:]), str(part.dtype)) for part in given)
        enough = (size for size, other in self._compiled if other == kind and size >= count)
        size = min(enough, default=count) if count else 0
        function = self._of_size(size, kind)
        if size == count:
            return function(images, labels, drawn)
        images, labels = function(*_repeated((images, labels, drawn), count, size))
        return images[:count], labels if labels is None else labels[:count]

    def __getstate__(self):
        return {**vars(self), "_compiled": {}}  # a copy compiles anew: functions cannot be copied

    def _of_size(self, size, kind):
        """Return the function for batches of a size; each its own, so that nothing is retraced."""
        if (size, kind) not in self._compiled:
            # A `partial`, as TensorFlow counts retracings of one code, whoever compiled it.
            apply = functools.partial(apply_all, self.transforms)
            self._compiled[size, kind] = compiled_function(apply)
        return self._compiled[size, kind]


def _repeated(structure, count, size):
    """Return tensors of `count` rows with `size`, the last one repeated."""
    places = np.minimum(np.arange(size, dtype=np.int32), count - 1)

    def repeat(rows):
        if rows is None or rows.shape[0] != count:  # one row for all, as weights of a fixed window
            return rows
        return ops.take(rows, places, axis=0)

    return keras.tree.map_structure(repeat, structure)


def compiled_parts(transforms):
    """Return the `CompiledPart`s of transforms, in their order.

    XLA computes what comes before anew for each use of a pixel: so a part begins before each
    transform that uses pixels several times, which are all but those that move them or normalise
    them.
    """
    parts = []
    for transform in transforms:
        if not parts or not (transform.moves_pixels or transform.normalizes):
            parts.append([])
        parts[-1].append(transform)
    return [CompiledPart(part) for part in parts]


def apply_parts(parts, images, labels, drawn):
    """Return images and labels after all `compiled_parts`."""
    place = 0
    for part in parts:
        values = drawn[place : place + len(part.transforms)]
        place += len(part.transforms)
        if part.takes_labels:
            images, labels = part(images, labels, values)
        else:  # not passed through: a second result of XLA would be copied
            images, _ = part(images, None, values)
    return images, labels
