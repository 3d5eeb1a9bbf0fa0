"""The data of a fine-tuning, whatever they are: what `fit` is given in a phase."""

import copy

from kerasrecipes._validation import check_integer
from kerasrecipes.transfer._batches import ArrayBatches


class TuningData:
    """Training and validation data that can begin at a step, where they allow it.

    Args: those of `fine_tune`.

    Attributes:
        begin_at: function of a step that returns endless data which begin there, or `None`.
        steps_per_epoch: integer or `None`.
        are_arrays: boolean.
        class_weight: what is left of it for `fit` to do.
    """

    def __init__(self, data, validation, batch_size, steps_per_epoch, class_weight, seed):
        self.validation = validation
        self.batch_size = batch_size
        self.class_weight = class_weight
        self._data = data
        self._order = seed, class_weight
        self.are_arrays = isinstance(data, tuple) and all(hasattr(a, "__len__") for a in data)
        self.begin_at = None
        if self.are_arrays:
            self.begin_at = ArrayBatches(data, batch_size, *self._order)
            self.class_weight = None
        elif callable(data) and not hasattr(data, "__iter__"):
            self.begin_at = data
        if steps_per_epoch is not None:
            check_integer("steps_per_epoch", steps_per_epoch, "[1, inf)")
        elif self.are_arrays:
            steps_per_epoch = self.begin_at.steps
        elif self.begin_at is not None:
            raise ValueError(
                "Argument `steps_per_epoch` must be given with a function of the step. "
                "Received: steps_per_epoch=None"
            )
        self.steps_per_epoch = steps_per_epoch

    def from_step(self, step):
        """The training data, from that step on if they can begin there."""
        return self._data if self.begin_at is None else self.begin_at(step)

    def without_validation(self):
        """The same training data alone."""
        alone = copy.copy(self)
        alone.validation = None
        return alone

    def of_features(self, extract):
        """The same data with features for images; `extract(data)` computes them."""
        if self.are_arrays:
            features = extract(self.begin_at.arrays[0])
            arrays = (features, *self.begin_at.arrays[1:])
            seed, class_weight = self._order[0], None
        elif self.begin_at is None:
            arrays, (seed, class_weight) = extract(self._data), self._order
        else:
            raise ValueError(
                "Argument `cache` must not be True for data that are a function of the step. "
                "Received: cache=True"
            )
        steps = self.steps_per_epoch if self.are_arrays else None
        validation = None if self.validation is None else extract(self.validation)
        return TuningData(arrays, validation, self.batch_size, steps, class_weight, seed)
