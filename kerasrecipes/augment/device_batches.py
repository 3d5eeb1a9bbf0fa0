"""Batches that are computed by their number: on a device, and without TensorFlow."""

import copy
import dataclasses
import itertools
from typing import Any

import keras
import numpy as np
from keras import ops

from kerasrecipes._array_spec import ArraySpec
from kerasrecipes._validation import check_boolean
from kerasrecipes.augment import host_order
from kerasrecipes.augment.array_reading import as_array_reader
from kerasrecipes.augment.batch_arguments import check_counts, check_place
from kerasrecipes.augment.order import make_plan


class DeviceBatches(keras.utils.PyDataset):
    """Batches of transformed images, each a function of its number; `device_batches` makes them.

    Attributes:
        source: the data set.
        steps_per_pass: int, batches of an epoch.
        element_spec: shapes and dtypes of a batch.
    """

    def __init__(
        self, on_device: Any, reader: Any, plan: Any, shuffle: bool, num_classes: Any, weights: Any
    ) -> None:
        super().__init__()
        self.steps_per_pass = plan.steps
        self._on_device, self._reader, self._plan = on_device, reader, plan
        self._shuffle, self._num_classes, self._weights = shuffle, num_classes, weights
        self._changes, self._following = (), None

    @property
    def num_batches(self) -> int | None:
        """How many there are: `None` in training, without end."""
        own = self._own_batches
        return own if own is None or self._following is None else own + len(self._following)

    def __len__(self) -> int:
        """How many there are in a test; without end, a `TypeError` as of a generator."""
        if self.num_batches is None:
            raise TypeError("Training batches have no length: they never end.")
        return self.num_batches

    @property
    def _own_batches(self):
        plan = self._plan
        return None if plan.training else max(plan.steps - plan.start_step, 0)

    def __getitem__(self, index: int) -> Any:
        """The batch at `start_step` + `index`: (images, labels) or (images, labels, weights)."""
        batch = self._batch(index)
        for change in self._changes:
            batch = change(*batch)
        return batch

    def _batch(self, index):
        count = self._own_batches
        if count is not None and index >= count and self._following is not None:
            return self._following[index - count]
        if index < 0 or (count is not None and index >= count):
            raise IndexError(f"Index {index} is out of range for {count} batches")
        plan = self._plan
        epoch, indices = host_order.batch_origin(plan, plan.start_step + index, self._shuffle)
        images, labels = self._reader.images(indices), self._reader.labels(indices)
        if self._num_classes is not None:
            labels = one_hot(labels, indices, self._num_classes)
        seeds = host_order.image_seeds(plan, epoch, indices)
        result = self._on_device(images, labels if self._on_device.mixes else None, seeds)
        images, labels = result if self._on_device.mixes else (result, labels)
        if self._weights is None:
            return images, labels
        return images, labels, self._weights[indices]

    def __iter__(self):
        count = self.num_batches
        return (self[index] for index in (itertools.count() if count is None else range(count)))

    def map(self, function: Any) -> Any:
        """The batches that `function` makes of the parts of each."""
        changed = copy.copy(self)
        changed._changes = (*self._changes, function)
        return changed

    def concatenate(self, following: Any) -> Any:
        """These batches of a test, then those of another `DeviceBatches`."""
        both = copy.copy(self)
        both._following = following
        return both

    def take(self, count: int) -> Any:
        """The first `count` batches, as an iterator."""
        return itertools.islice(self, count)

    def as_numpy_iterator(self) -> Any:
        """The batches as NumPy arrays."""
        return (tuple(map(ops.convert_to_numpy, batch)) for batch in self)

    @property
    def element_spec(self) -> Any:
        """Shape and dtype of each part of a batch, with `None` for the number of images."""
        parts = map(ops.convert_to_numpy, next(iter(self)))
        return tuple(ArraySpec((None, *part.shape[1:]), part.dtype) for part in parts)


def device_batches(
    on_device, dataset, batch_size, training, seed, shuffle, start_step, drop_remainder,
    num_classes, shard, weighted, resident,
):  # fmt: skip
    """Return the `DeviceBatches` of `OnDevice.batches`; not `resident`, the host keeps the set."""
    check_counts(batch_size, num_classes, None)
    check_place(training, seed, shuffle, start_step, drop_remainder, shard)
    reader = as_array_reader(dataset)
    if resident and reader.stored:
        reader = on_the_device(reader)
    plan = make_plan(
        reader.size, batch_size, training, start_step, drop_remainder, tuple(shard), seed,
        len(on_device.transforms),
    )  # fmt: skip
    if weighted is not None:
        check_boolean("weighted", weighted)
    weights = getattr(dataset, "weights", None)
    if not isinstance(weights, np.ndarray) or not (training if weighted is None else weighted):
        weights = None
    shuffle = training if shuffle is None else bool(shuffle)
    batches = DeviceBatches(on_device, reader, plan, shuffle, num_classes, weights)
    batches.source = dataset  # by which `callbacks.Resume` tells other images
    return batches


def one_hot(labels, indices, num_classes):
    """Return integer labels as one-hot float32 rows, or raise where one is no class."""
    labels = labels[:, 0] if labels.ndim == 2 and labels.shape[1] == 1 else labels
    if labels.ndim != 1 or labels.dtype.kind not in "iu":
        raise ValueError(
            "Argument `num_classes` makes integer labels one-hot: leave it out where `dataset` has "
            f"one-hot labels. Received: num_classes={num_classes}, labels of shape "
            f"{labels.shape[1:]}, dtype {labels.dtype}"
        )
    wrong = np.flatnonzero((labels < 0) | (labels >= num_classes))
    if wrong.size:
        raise ValueError(
            f"Argument `num_classes` is {num_classes}, but labels must be in 0..{num_classes - 1}."
            f" Received: labels {labels[wrong].tolist()} of the images {indices[wrong].tolist()}"
        )
    return (labels[:, None] == np.arange(num_classes)).astype(np.float32)


def on_the_device(reader):
    """Return an `ArrayReader` of the same images, the pixels copied to the device."""
    pixels, positions = reader.stored
    try:
        stored = ops.convert_to_tensor(pixels)
    except (RuntimeError, MemoryError) as error:
        raise MemoryError(
            f"The device has no room for the {len(pixels):,} images, {pixels.nbytes / 1e6:,.0f} "
            "MB: `augment.pipeline` keeps them on the host. Received: "
            f"{str(error).splitlines()[0]}"
        ) from error

    def images(indices):
        return ops.take(stored, positions[indices].astype(np.int32), axis=0)

    return dataclasses.replace(reader, images=images)
