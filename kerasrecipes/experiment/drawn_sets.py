"""Small training sets, drawn anew for each seed."""

from typing import Any

import numpy as np

from kerasrecipes.evaluation.baselines import TEST_IMAGES, flat_pixels

LARGEST_SIDE = 32
HELD_PER_IMAGE = 2


class DrawnSets:
    """Draws a few training images, and twice as many held-out ones, for each of several seeds.

    Args:
        images: `data.ImageData`. Without a test set, the validation set is tested.
        count: int >= 1, training images of a seed; a third of the training set at most.
        seeds: int >= 1, how many draws are expected: only so many images are read.

    Attributes:
        count: int, training images of a seed.
        shape: (height, width, channels) of the images, 32 pixels at most.
        sentence: str, what is drawn.
    """

    def __init__(self, images: Any, count: int, seeds: int) -> None:
        size = min(LARGEST_SIDE, images.short_side)
        self.shape = (size, size, images.channels)
        limit = (1 + HELD_PER_IMAGE) * count * seeds
        self._x, self._y = flat_pixels(images.train, size, images.channels, limit)
        tested = images.test or images.validation
        self._test = flat_pixels(tested, size, images.channels, TEST_IMAGES)
        self.count = max(1, min(count, len(self._x) // (1 + HELD_PER_IMAGE)))
        self.sentence = (
            f"Each seed draws {self.count} training and {HELD_PER_IMAGE * self.count} held-out "
            f"images of {len(self._x)}; {len(self._test[0])} are tested."
        )

    def draw(self, seed: int) -> Any:
        """Return training, held-out and test set, each a pair (images, labels).

        The pixels are scaled by the mean and the standard deviation of the training images.
        """
        order = np.random.default_rng(seed).permutation(len(self._x))
        rows = order[: self.count], order[self.count : (1 + HELD_PER_IMAGE) * self.count]
        train, held = ((self._x[part], self._y[part]) for part in rows)
        mean, std = train[0].mean(), train[0].std() + 1e-6
        return [
            (((x - mean) / std).reshape(-1, *self.shape).astype("float32"), labels)
            for x, labels in (train, held, self._test)
        ]
