"""The images of an array, or some of them, read by index: as an array or as a tensor."""

import functools
from typing import Any

import numpy as np

from kerasrecipes._backend.tensorflow_module import tf
from kerasrecipes.data.host_tensor import host_tensor


class StoredPixels:
    """Reads images of an array, which all its subsets share.

    Args:
        pixels: array (images, H, W, C).
        positions: int array (N,), which of them these are; `None` (default) for all.
        whole: the `StoredPixels` of the whole array, or `None` (default) if this is it.
    """

    def __init__(self, pixels: Any, positions: Any = None, whole: Any = None) -> None:
        self.pixels = pixels
        self.positions = np.arange(len(pixels)) if positions is None else positions
        self._whole = whole

    def __call__(self, index: Any) -> Any:
        """The image at an int64 scalar tensor, or the batch at a vector; can be traced."""
        if self._whole is None:
            return tf.gather(self._tensor, index)
        return self._whole(tf.gather(self._position_tensor, index))

    def at(self, index: Any) -> Any:
        """The image at an integer, or the batch at an int array, as a NumPy array of its own."""
        return np.array(self.pixels[self.positions[index]])

    def subset(self, indices: Any) -> Any:
        """The images at `indices`, an int array."""
        return StoredPixels(self.pixels, self.positions[indices], self._whole or self)

    @functools.cached_property
    def _tensor(self):
        return host_tensor(self.pixels)

    @functools.cached_property
    def _position_tensor(self):
        return host_tensor(self.positions)
