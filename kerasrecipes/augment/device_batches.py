"""Batches that are computed by their number: on a device, and without TensorFlow."""

import dataclasses
import functools
import itertools
from typing import Any

import keras
import numpy as np
from keras import ops

from kerasrecipes._array_spec import ArraySpec
from kerasrecipes._backend.out_of_memory import is_out_of_memory
from kerasrecipes.augment.array_reading import as_array_reader
from kerasrecipes.augment.batch_arguments import (
    check_counts,
    check_place,
    warn_of_buffer,
    warn_of_single_images,
    weights_of,
)
from kerasrecipes.augment.functional import restore_dtype
from kerasrecipes.augment.numbered_batches import NumberedBatches, check_labels
from kerasrecipes.augment.order import make_plan
from kerasrecipes.augment.pixel_values import PEEK, warn_of_unit_range


class DeviceBatches(keras.utils.PyDataset):
    """Batches of transformed images, each a function of its number; `device_batches` makes them.

    Args:
        parts: tuple of pairs (`NumberedBatches`, tuple of functions applied to each of its
            batches in order), one part after the other.
        source: the data set; `None` (default) of several.

    Attributes:
        source: the data set, or `None`.
        steps_per_pass: int, batches of an epoch.
        element_spec: shapes and dtypes of a batch.
    """

    def __init__(self, parts: tuple, source: Any = None) -> None:
        super().__init__()
        self._parts = parts
        self.source = source  # by which `callbacks.Resume` tells other images
        self.steps_per_pass = sum(numbered.plan.steps for numbered, _ in parts)

    @property
    def num_batches(self) -> int | None:
        """How many there are: `None` in training, without end."""
        counts = [numbered.count for numbered, _ in self._parts]
        return None if None in counts else sum(counts)

    def __len__(self) -> int:
        """How many there are in a test; without end, a `TypeError` as of a generator."""
        if self.num_batches is None:
            raise TypeError("Training batches have no length: they never end.")
        return self.num_batches

    def __getitem__(self, index: int) -> Any:
        """The batch at `start_step` + `index`: (images, labels) or (images, labels, weights)."""
        place = index
        for numbered, changes in self._parts:
            if place >= 0 and (numbered.count is None or place < numbered.count):
                return _changed(numbered[place], changes)
            place -= numbered.count or 0
        raise IndexError(f"Index {index} is out of range for {self.num_batches} batches")

    def __iter__(self):
        count = self.num_batches
        return (self[index] for index in (itertools.count() if count is None else range(count)))

    def map(self, function: Any) -> Any:
        """The batches that `function` makes of the parts of each."""
        parts = tuple((numbered, (*changes, function)) for numbered, changes in self._parts)
        return DeviceBatches(parts, self.source)

    def concatenate(self, following: Any) -> Any:
        """These batches of a test, then those of another `DeviceBatches` of a test."""
        if not isinstance(following, DeviceBatches):
            raise TypeError(
                "Argument `following` must be batches of `OnDevice.batches` or of `pipeline` "
                f"without TensorFlow. Received: an object of type {type(following).__name__}"
            )
        if self.num_batches is None or following.num_batches is None:
            raise ValueError(
                "Training batches never end, so that none can follow: concatenate batches of "
                f"`training=False`. Received: num_batches={self.num_batches}, then "
                f"{following.num_batches}"
            )
        return DeviceBatches((*self._parts, *following._parts))

    def take(self, count: int) -> Any:
        """The first `count` batches, as an iterator: it gives them once."""
        return itertools.islice(self, count)

    def as_numpy_iterator(self) -> Any:
        """The batches as NumPy arrays."""
        return (keras.tree.map_structure(ops.convert_to_numpy, batch) for batch in self)

    @property
    def element_spec(self) -> Any:
        """Shape and dtype of each part of a batch, with `None` for the number of images."""
        first = next(self.as_numpy_iterator())
        return keras.tree.map_structure(
            lambda part: ArraySpec((None, *part.shape[1:]), part.dtype), first
        )


def _changed(batch, changes):
    for change in changes:
        batch = change(*batch) if isinstance(batch, tuple) else change(batch)
    return batch


def device_batches(
    on_device, dataset, batch_size, training, seed, shuffle, start_step, drop_remainder,
    num_classes, shard, weighted, resident, dtype=None,
):  # fmt: skip
    """Return the `DeviceBatches` of `OnDevice.batches`; not `resident`, the host keeps the set."""
    check_counts(batch_size, num_classes, None)
    check_place(training, seed, shuffle, start_step, drop_remainder, shard)
    if shuffle is not None and not isinstance(shuffle, bool):
        warn_of_buffer(shuffle)
    warn_of_single_images(batch_size, on_device.transforms)
    reader = as_array_reader(dataset)
    plan = make_plan(
        reader.size, batch_size, training, start_step, drop_remainder, tuple(shard), seed,
        len(on_device.transforms),
    )  # fmt: skip
    if num_classes is not None:
        check_labels(reader.labels(np.arange(1)), num_classes)
    weights = weights_of(dataset, training, weighted)
    first_images = functools.partial(_first_images, reader, plan)
    warn_of_unit_range(reader.dtype, first_images, on_device.transforms)
    if resident and reader.stored:
        reader = on_the_device(reader)
    shuffle = training if shuffle is None else bool(shuffle)
    numbered = NumberedBatches(on_device, reader, plan, shuffle, num_classes, weights)
    changes = () if dtype is None else (functools.partial(_as_dtype, dtype),)
    return DeviceBatches(((numbered, changes),), dataset)


def _as_dtype(dtype, images, *others):
    if keras.backend.standardize_dtype(images.dtype) != dtype:
        images = restore_dtype(images, dtype)
    return images, *others


def _first_images(reader, plan):
    first = plan.first % max(plan.used, 1)
    return reader.images(np.arange(first, min(first + PEEK, reader.size)))


def on_the_device(reader):
    """Return an `ArrayReader` of the same images, the pixels copied to the device."""
    pixels, positions = reader.stored
    try:
        stored = ops.convert_to_tensor(pixels)
    except Exception as error:
        if not is_out_of_memory(error):
            raise
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise MemoryError(
            f"The device has no room for the {len(pixels):,} images, {pixels.nbytes / 1e6:,.0f} "
            f"MB: `augment.pipeline` keeps them on the host. Received: {reason}"
        ) from error

    def images(indices):
        return ops.take(stored, positions[indices].astype(np.int32), axis=0)

    return dataclasses.replace(reader, images=images)
