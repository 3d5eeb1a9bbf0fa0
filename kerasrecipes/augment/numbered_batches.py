"""Batches of a data set, each computed from its number alone."""

from typing import Any

import numpy as np

from kerasrecipes.augment import host_order


class NumberedBatches:
    """Reads, transforms and returns a batch by its number.

    Args:
        on_device: `OnDevice`, the transforms.
        reader: `ArrayReader` of the data set.
        plan: `Plan`.
        shuffle: bool, whether each epoch has an order of its own.
        num_classes: int to make labels one-hot, or `None`.
        weights: array of the weight of each image, or `None`.
    """

    def __init__(
        self, on_device: Any, reader: Any, plan: Any, shuffle: bool, num_classes: Any, weights: Any
    ) -> None:
        self.plan = plan
        self._on_device, self._reader, self._shuffle = on_device, reader, shuffle
        self._num_classes, self._weights = num_classes, weights

    @property
    def count(self) -> int | None:
        """How many there are from `start_step` on: `None` in training, without end."""
        plan = self.plan
        return None if plan.training else max(plan.steps - plan.start_step, 0)

    def __getitem__(self, index: int) -> Any:
        """The batch at `start_step` + `index`: (images, labels) or (images, labels, weights)."""
        plan = self.plan
        epoch, indices = host_order.batch_origin(plan, plan.start_step + index, self._shuffle)
        images, labels = self._reader.batch(indices)
        if self._num_classes is not None:
            labels = one_hot(labels, indices, self._num_classes)
        seeds = host_order.image_seeds(plan, epoch, indices)
        result = self._on_device(images, labels if self._on_device.mixes else None, seeds)
        images, labels = result if self._on_device.mixes else (result, labels)
        if self._weights is None:
            return images, labels
        return images, labels, self._weights[indices]


def one_hot(labels, indices, num_classes):
    """Return integer labels as one-hot float32 rows, or raise where one is no class."""
    check_labels(labels, num_classes)
    labels = labels.reshape(-1)
    wrong = np.flatnonzero((labels < 0) | (labels >= num_classes))
    if wrong.size:
        raise ValueError(
            f"Argument `num_classes` is {num_classes}, but labels must be in 0..{num_classes - 1}."
            f" Received: labels {labels[wrong].tolist()} of the images {indices[wrong].tolist()}"
        )
    return (labels[:, None] == np.arange(num_classes)).astype(np.float32)


def check_labels(labels, num_classes):
    """Raise where the labels of a batch cannot be made one-hot: they are so, or no integers."""
    labels = labels[:, 0] if labels.ndim == 2 and labels.shape[1] == 1 else labels
    if labels.ndim != 1 or labels.dtype.kind not in "iu":
        raise ValueError(
            "Argument `num_classes` makes integer labels one-hot: leave it out where `dataset` has "
            f"one-hot labels. Received: num_classes={num_classes}, labels of shape "
            f"{labels.shape[1:]}, dtype {labels.dtype}"
        )
