"""The layout of channels in decorrelated batch normalisation: few, large matrix products."""

import keras
import numpy as np
from keras import ops

from kerasrecipes._backend.accelerator import accelerator


def _channels_a_product():
    """Return how many channels to multiply at once, with zeros between the groups.

    One product over 64 channels costs less on a CPU than the transposes that smaller products
    need. PyTorch multiplies transposed views without a copy, so its limit is lower. On a GPU a
    batch of small products that sum over all positions takes a hundred times as long as one.
    """
    if accelerator()[0] == "gpu":
        return 512
    return 16 if keras.backend.backend() == "torch" else 64


class ChannelGroups:
    """Converts contiguous groups of channels between rows, blocks and block-diagonal matrices.

    Rows have the shape `(products, positions, width)` with products · width = channels; there is
    one product unless there are many channels. Blocks have the shape `(groups, size, size)`; the
    block of a smaller last group is padded.
    """

    def __init__(self, channels, group_size):
        self.size = min(group_size, channels)
        self.groups = -(-channels // self.size)
        self.channels = channels
        self.products = 1
        self.divides = channels % self.size == 0
        if self.divides:
            fit = max(1, _channels_a_product() // self.size)
            per_product = max(
                n for n in range(1, min(fit, self.groups) + 1) if self.groups % n == 0
            )
            self.products = self.groups // per_product
        self.width = channels // self.products
        self.blocks_shape = (self.groups, self.size, self.size)
        self._one_block_each = self.groups == self.products

    def to_rows(self, x):
        """Return a channels-last tensor as rows `(products, positions, width)`."""
        if self.products == 1:
            return ops.reshape(x, (1, -1, self.channels))
        return ops.transpose(ops.reshape(x, (-1, self.products, self.width)), (1, 0, 2))

    def from_rows(self, rows, shape):
        """Invert `to_rows`; `shape` is that of the original tensor."""
        if self.products > 1:
            rows = ops.transpose(rows, (1, 0, 2))
        return ops.reshape(rows, shape)

    def to_row(self, vector):
        """Return a vector of one number per channel as a row that broadcasts over positions."""
        return ops.reshape(vector, (self.products, 1, self.width))

    def to_blocks(self, matrix):
        """Return the diagonal blocks of a `(products, width, width)` matrix, padded with zeros."""
        if self._one_block_each:
            return matrix
        padding = self.groups * self.size - self.channels
        matrix = ops.pad(matrix, ((0, 0), (0, padding), (0, padding)))
        count = self.groups // self.products
        matrix = ops.reshape(matrix, (self.products, count, self.size, count, self.size))
        return ops.reshape(ops.sum(matrix * self._same_group(matrix), axis=3), self.blocks_shape)

    def to_matrix(self, blocks):
        """Return block-diagonal matrices `(products, width, width)` without the padding."""
        if self._one_block_each:
            return blocks
        count = self.groups // self.products
        blocks = ops.reshape(blocks, (self.products, count, self.size, 1, self.size))
        matrix = blocks * self._same_group(blocks)
        matrix = ops.reshape(matrix, (self.products, count * self.size, count * self.size))
        return matrix[:, : self.width, : self.width]

    def diagonal(self, value, padding):
        """Return diagonal NumPy blocks: `value` at channels, `padding` at padded positions."""
        values = np.full(self.groups * self.size, padding)
        values[: self.channels] = value
        return values.reshape(self.groups, self.size, 1) * np.eye(self.size)

    def _same_group(self, like):
        count = self.groups // self.products
        return ops.reshape(ops.eye(count, dtype=like.dtype), (count, 1, count, 1))
