"""Arrays as endless batches, each a function of its number alone."""

import itertools
import math

import numpy as np


class ArrayBatches:
    """Endless shuffled batches of arrays, which may begin at any step.

    Each pass has its own order, a function of (seed, pass), and its last batch what is left.

    Args:
        arrays: tuple `(x, y)` or `(x, y, sample_weight)`.
        batch_size: integer, examples in a batch.
        seed: integer of the order.
        class_weight: dict {class: weight} or `None`; it multiplies the sample weights.
    """

    def __init__(self, arrays, batch_size, seed, class_weight=None):
        x, y, weights = (*arrays, None)[:3]
        x, y = np.asarray(x), np.asarray(y)
        if len(x) != len(y) or not len(x):
            raise ValueError(
                "Argument `data` must be arrays (x, y) of one length, 1 or more. Received: "
                f"{len(x)} and {len(y)} examples"
            )
        if class_weight is not None:
            classes = y if y.ndim == 1 else y.reshape(len(y), -1).argmax(axis=1)
            factors = np.array([class_weight.get(int(label), 1.0) for label in classes], "float32")
            weights = factors if weights is None else np.asarray(weights) * factors
        self.arrays = (x, y) if weights is None else (x, y, np.asarray(weights))
        self.batch_size = batch_size
        self.seed = seed
        self.steps = math.ceil(len(x) / batch_size)

    def __call__(self, start_step):
        """Yield the batches from that number on."""
        for step in itertools.count(start_step):
            number, place = divmod(step, self.steps)
            if place == 0 or step == start_step:
                order = np.random.default_rng([self.seed, number]).permutation(len(self.arrays[0]))
            chosen = order[place * self.batch_size : (place + 1) * self.batch_size]
            yield tuple(array[chosen] for array in self.arrays)
