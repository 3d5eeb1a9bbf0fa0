"""The training data of a fine-tuning in any of their forms, from a given step on."""

import itertools
import math

import numpy as np

from kerasrecipes._validation import check_integer
from kerasrecipes.transfer._class_weight import check_class_weight, weights_of_labels


class TrainingData:
    """Training data that begin at a given step, if their form allows it.

    Args: those of `fine_tune`.

    Attributes:
        steps_per_epoch: int, or `None` for a finite dataset.
        class_weight: dict for `fit`, or `None`; for arrays it is in their sample weights.
        begin_at: function of a step that returns infinite data, or `None` for a finite dataset.
    """

    def __init__(self, data, batch_size, steps_per_epoch, class_weight, seed):
        self._data, self.class_weight = data, class_weight
        self.begin_at = None
        check_class_weight(class_weight)
        if steps_per_epoch is not None:
            check_integer("steps_per_epoch", steps_per_epoch, "[1, inf)")
        if isinstance(data, tuple) and all(hasattr(array, "__len__") for array in data):
            arrays, self.class_weight = _weighted(data, class_weight), None
            steps = math.ceil(len(arrays[0]) / batch_size)
            steps_per_epoch = steps_per_epoch or steps
            self.begin_at = lambda step: _shuffled_batches(arrays, batch_size, seed, step)
        elif callable(data) and not hasattr(data, "__iter__"):
            self.begin_at = data
            if steps_per_epoch is None:
                raise ValueError(
                    "Argument `steps_per_epoch` must be given with a function of the step. "
                    "Received: steps_per_epoch=None"
                )
        self.steps_per_epoch = steps_per_epoch

    def from_step(self, step):
        """Return the data for `fit`: from that step on, or the unchanged dataset."""
        return self._data if self.begin_at is None else self.begin_at(step)


def _weighted(arrays, class_weight):
    """Return the arrays, with sample weights multiplied by class weights."""
    x, y, weights = (*arrays, None)[:3]
    x, y = np.asarray(x), np.asarray(y)
    if len(x) != len(y) or not len(x):
        raise ValueError(
            "Argument `data` must be arrays (x, y) of one length, 1 or more. Received: "
            f"{len(x)} and {len(y)} examples"
        )
    if class_weight is not None:
        classes = y if y.ndim == 1 else y.reshape(len(y), -1).argmax(axis=1)
        factors = weights_of_labels(classes, class_weight).astype("float32")
        weights = factors if weights is None else np.asarray(weights) * factors
    return (x, y) if weights is None else (x, y, np.asarray(weights))


def _shuffled_batches(arrays, batch_size, seed, start_step):
    """Yield batches for ever; the order of each epoch is a function of (seed, epoch)."""
    steps = math.ceil(len(arrays[0]) / batch_size)
    for step in itertools.count(start_step):
        epoch, position = divmod(step, steps)
        if position == 0 or step == start_step:
            order = np.random.default_rng([seed, epoch]).permutation(len(arrays[0]))
        chosen = order[position * batch_size : (position + 1) * batch_size]
        yield tuple(array[chosen] for array in arrays)
