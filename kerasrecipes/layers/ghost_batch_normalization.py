"""Batch normalisation by small parts of the batch."""

import math
from typing import Any

import keras
from keras import ops

from kerasrecipes._backend.arithmetic import maximum, wide_type
from kerasrecipes._validation import check_floating, check_integer, check_number
from kerasrecipes.layers._mask_positions import mask_positions
from kerasrecipes.layers._running_average import add_average, move_average
from kerasrecipes.layers._scale_and_center import ScaleAndCenter


@keras.saving.register_keras_serializable(package="kerasrecipes")
class GhostBatchNormalization(ScaleAndCenter):
    """Batch normalisation with the statistics of a few images at a time.

    y = gamma · (x - μ_g) / √(σ_g² + ε) + beta, with μ_g and the biased σ_g² of each channel over
    all positions of `size` consecutive examples, the last part smaller if `size` does not divide
    the batch. Each step moves the running averages, from 0 and 1, towards the mean of μ_g and σ_g²
    over the parts: without the variance between parts, which `inference.recalibrate_normalization`
    adds. Inference, and a layer with `trainable=False`, use the running averages. Masked positions
    are no part of the statistics; an empty part moves no average.

    A batch of 16 in parts of 2 has the statistics that 8 devices with 2 images each have, in one
    step: it shows what batch normalisation loses at small batches without the time that they take.

    On several devices each normalises parts of its own share of the batch.

    Args:
        size: int >= 1, examples that are normalised together. Defaults to 32.
        axis: int, the axis of the channels, not the batch axis 0. Defaults to -1.
        momentum: float in [0, 1], momentum of the running averages. Defaults to 0.9.
        epsilon: float > 0, added to the variance. Defaults to 1e-5.
        center: bool, whether to add `beta`. Defaults to `True`.
        scale: bool, whether to multiply by `gamma`. Defaults to `True`.
        **kwargs: `beta_initializer` ("zeros"), `gamma_initializer` ("ones"), `beta_regularizer`,
            `gamma_regularizer`, `beta_constraint`, `gamma_constraint` (`None`) as in Keras, and
            arguments of `keras.layers.Layer`.

    Input shape:
        Floats of rank 2 or more, the batch first.

    Output shape:
        That of the input.

    Raises:
        ValueError: An option is out of its range, or the rank is below 2.
        TypeError: The inputs are integers.

    Example:

    >>> import keras
    >>> import numpy as np
    >>> from kerasrecipes.layers import GhostBatchNormalization
    >>> x = np.array([[1.0], [3.0], [10.0], [30.0]], "float32")
    >>> y = GhostBatchNormalization(2)(x, training=True)
    >>> print(np.round(keras.ops.convert_to_numpy(y)[:, 0], 3))
    [-1.  1. -1.  1.]

    Reference:
        - Hoffer, Hubara & Soudry, Train longer, generalize better, 2017,
          https://arxiv.org/abs/1705.08741. Our running averages move once a step, not once a part.
    """

    def __init__(
        self,
        size: int = 32,
        axis: int = -1,
        momentum: float = 0.9,
        epsilon: float = 1e-5,
        center: bool = True,
        scale: bool = True,
        **kwargs: Any,
    ) -> None:
        super().__init__(axis, epsilon, center, scale, **kwargs)
        check_integer("size", size, "[1, inf)")
        check_number("momentum", momentum, "[0, 1]")
        self.size = size
        self.momentum = momentum
        self.autocast = False
        self.supports_masking = True

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        channels = self._build_channels(input_shape, least_rank=2)
        self.moving_mean = add_average(self, "moving_mean", (channels,), "zeros")
        self.moving_variance = add_average(self, "moving_variance", (channels,), "ones")

    def call(self, inputs: Any, training: bool | None = None, mask: Any = None) -> Any:
        check_floating("inputs", inputs)
        dtype = wide_type(inputs.dtype, self.compute_dtype)
        x = ops.moveaxis(ops.cast(inputs, dtype), self.axis, -1)
        if training and self.trainable:
            y = self._by_parts(x, mask_positions(mask, x))
        else:
            mean, variance = (
                ops.cast(average, dtype) for average in (self.moving_mean, self.moving_variance)
            )
            y = (x - mean) * ops.rsqrt(variance + self.epsilon)
        if self.gamma is not None:
            y = y * ops.cast(self.gamma, dtype)
        if self.beta is not None:
            y = y + ops.cast(self.beta, dtype)
        return ops.cast(ops.moveaxis(y, -1, self.axis), self.compute_dtype)

    def _by_parts(self, x, positions):
        """Normalise each part and move the averages; `positions` are 0 where a mask is."""
        shape = ops.shape(x)
        size = _smaller(self.size, shape[0])
        rows = _in_parts(x, size)
        there = _filled(rows, shape[0]) if positions is None else _in_parts(positions, size)
        count = _count(rows, there)
        divisor = maximum(count, 1)
        mean = ops.sum(_only(there, rows), axis=(1, 2), keepdims=True) / divisor
        rows = rows - mean
        squares = _only(there, ops.square(rows))
        variance = ops.sum(squares, axis=(1, 2), keepdims=True) / divisor
        self._move(self.moving_mean, mean, count)
        self._move(self.moving_variance, variance, count)
        y = rows * ops.rsqrt(variance + self.epsilon)
        parts = ops.shape(rows)[0]
        return ops.reshape(y, (parts * size, *shape[1:]))[: shape[0]]

    def _move(self, average, statistic, count):
        """Move a running average towards the mean over the parts that are not empty."""
        counts = ops.cast(count > 0, statistic.dtype)
        parts = ops.sum(counts)
        target = ops.sum(statistic * counts, axis=(0, 1, 2)) / maximum(parts, 1)
        move_average(average, target, self.momentum, parts > 0)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "size": self.size, "momentum": self.momentum}


def _smaller(size, examples):
    """Return `size`, or the number of examples if that is smaller; at least 1."""
    if isinstance(examples, int):
        return max(1, min(size, examples))
    return ops.maximum(ops.minimum(size, examples), 1)  # TensorFlow, unknown until it runs


def _in_parts(x, size):
    """Return `x` as (parts, size, positions, channels), the last part filled up with zeros."""
    shape = ops.shape(x)
    parts = (shape[0] + size - 1) // size
    missing = parts * size - shape[0]
    if not isinstance(missing, int) or missing > 0:
        x = ops.concatenate([x, ops.zeros((missing, *shape[1:]), x.dtype)])
    return ops.reshape(x, (parts, size, math.prod(shape[1:-1]), shape[-1]))


def _filled(rows, examples):
    """Return 0 for what fills up the last part and 1 for the examples; `None` if nothing does."""
    parts, size = ops.shape(rows)[:2]
    if isinstance(parts * size, int) and parts * size == examples:
        return None
    there = ops.cast(ops.arange(parts * size) < examples, rows.dtype)
    return ops.reshape(there, (parts, size, 1, 1))


def _count(rows, there):
    """Return how many positions of each part are counted, as (parts, 1, 1, 1)."""
    parts, size, positions, _ = ops.shape(rows)
    if there is None:
        return ops.cast(size * positions, rows.dtype) * ops.ones((parts, 1, 1, 1), rows.dtype)
    there = ops.broadcast_to(there, (parts, size, positions, 1))
    return ops.sum(there, axis=(1, 2), keepdims=True)


def _only(there, rows):
    return rows if there is None else ops.where(there > 0, rows, 0)
