"""Decorrelated batch normalisation: whitens groups of channels over the batch."""

from typing import Any

import keras
from keras import ops

from kerasrecipes._backend.accelerator import on_gpu
from kerasrecipes._backend.arithmetic import maximum, wide_type
from kerasrecipes._backend.decorrelated_batch import decorrelated_batch, interpolated
from kerasrecipes._backend.replicas import sum_over_replicas
from kerasrecipes._backend.whitened_batch import whitened_batch
from kerasrecipes._validation import (
    check_boolean,
    check_choice,
    check_floating,
    check_integer,
    check_number,
)
from kerasrecipes.layers._channel_groups import ChannelGroups
from kerasrecipes.layers._mask_positions import mask_positions
from kerasrecipes.layers._running_average import add_average, move_average
from kerasrecipes.layers._scale_and_center import ScaleAndCenter
from kerasrecipes.ops import newton_whitening, zca_whitening


@keras.saving.register_keras_serializable(package="kerasrecipes")
class DecorrelatedBatchNormalization(ScaleAndCenter):
    """Whitens contiguous groups of channels with the statistics of the batch.

    y = gamma · (x - μ)·Σ^(-1/2) + beta, with Σ = (x - μ)ᵀ(x - μ) / m + ε·I, over all m positions
    of the batch and within a group of channels. Inference, and a layer with `trainable=False`,
    use running averages of μ (from 0) and of the whitening matrix itself (from the identity).

    Args:
        group_size: int >= 1, channels whitened together; the last group may be
            smaller. Defaults to 16.
        axis: int, the axis of the channels, not the batch axis 0. Defaults to -1.
        momentum: float in [0, 1], momentum of the running averages. Defaults to 0.9.
        epsilon: float > 0, added to each variance. Defaults to 1e-5; 1e-3 is usual if a batch
            has few positions.
        method: `"zca"` (exact) or `"newton"` (IterNorm: matrix products alone, approximate).
            Defaults to `"zca"`.
        iterations: int in [1, 10], steps of `"newton"`. Defaults to 5.
        center: bool, whether to add `beta`. Defaults to `True`.
        scale: bool, whether to multiply by `gamma`. Defaults to `True`.
        synchronized: bool, whether the statistics are computed over all replicas of a
            `tf.distribute` strategy or of PyTorch's process group (on JAX they always are).
            Defaults to `False`.
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
    >>> from kerasrecipes.layers import DecorrelatedBatchNormalization
    >>> x = np.random.default_rng(0).normal(size=(64, 3)) @ [[2, 1, 0], [0, 2, 1], [0, 0, 1]]
    >>> y = DecorrelatedBatchNormalization()(x.astype("float32"), training=True)
    >>> y = keras.ops.convert_to_numpy(y)
    >>> print(np.abs(np.round(y.T @ y / 64, 2)))
    [[1. 0. 0.]
     [0. 1. 0.]
     [0. 0. 1.]]

    Reference:
        - Huang et al., Decorrelated Batch Normalization, 2018, https://arxiv.org/abs/1804.08450
        - Huang et al., Iterative Normalization, 2019, https://arxiv.org/abs/1904.03441
    """

    def __init__(
        self,
        group_size: int = 16,
        axis: int = -1,
        momentum: float = 0.9,
        epsilon: float = 1e-5,
        method: str = "zca",
        iterations: int = 5,
        center: bool = True,
        scale: bool = True,
        synchronized: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(axis, epsilon, center, scale, **kwargs)
        check_integer("group_size", group_size, "[1, inf)")
        check_number("momentum", momentum, "[0, 1]")
        check_choice("method", method, ("zca", "newton"))
        check_integer("iterations", iterations, "[1, 10]")
        check_boolean("synchronized", synchronized)
        self.group_size = group_size
        self.momentum = momentum
        self.method = method
        self.iterations = iterations
        self.synchronized = synchronized
        self.autocast = False
        self.supports_masking = True

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        channels = self._build_channels(input_shape, least_rank=2)
        self._layout = ChannelGroups(channels, self.group_size)
        self.moving_mean = add_average(self, "moving_mean", (channels,), "zeros")
        self.moving_whitening = add_average(
            self, "moving_whitening", self._layout.blocks_shape, _identities
        )

    def call(self, inputs: Any, training: bool | None = None, mask: Any = None) -> Any:
        check_floating("inputs", inputs)
        dtype = wide_type(inputs.dtype, self.compute_dtype)
        if training and self.trainable and mask is None and self._in_few_kernels(inputs):
            return self._by_batch_on_gpu(inputs, dtype)
        x = ops.moveaxis(ops.cast(inputs, dtype), self.axis, -1)
        gamma, beta = (
            None if weight is None else self._layout.to_row(ops.cast(weight, dtype))
            for weight in (self.gamma, self.beta)
        )
        if training and self.trainable:
            y = self._by_batch(x, gamma, beta, mask_positions(mask, x))
        else:
            y = self._by_averages(x, gamma, beta)
        return ops.cast(ops.moveaxis(y, -1, self.axis), self.compute_dtype)

    def _by_averages(self, x, gamma, beta):
        rows = self._layout.to_rows(x)
        rows = rows - self._layout.to_row(ops.cast(self.moving_mean, rows.dtype))
        y = rows @ self._matrix(ops.cast(self.moving_whitening, rows.dtype), gamma)
        return self._layout.from_rows(y if beta is None else y + beta, ops.shape(x))

    def _by_batch(self, x, gamma, beta, positions):
        total = sum_over_replicas if self.synchronized else _unchanged
        rows = self._layout.to_rows(x)
        positions = None if positions is None else ops.reshape(positions, (1, -1, 1))
        if keras.backend.backend() == "torch" and positions is None:
            y = whitened_batch(rows, self._affine, gamma, beta, total)
            return self._layout.from_rows(y, x.shape)
        # A replica's part of a batch may be empty, or masked completely.
        if positions is None:
            count = ops.cast(ops.shape(rows)[1], rows.dtype) * ops.ones((), rows.dtype)
        else:
            count = ops.sum(positions)
        total_count = total(count)
        count = maximum(total_count, 1)
        counted = rows if positions is None else ops.where(positions > 0, rows, 0)
        near = _first(total, rows) if positions is None and on_gpu(rows) else None
        if near is not None:
            counted = rows - near
        shift = total(ops.sum(ops.stop_gradient(counted), axis=1, keepdims=True)) / count
        if near is not None:
            rows, shift = counted - shift, near + shift
        else:
            rows = rows - shift
        counted = rows if positions is None else ops.where(positions > 0, rows, 0)
        moments = _moments(total, count, centered=near is not None)(counted)
        matrix, bias = self._affine(shift, moments, gamma, beta, total_count > 0)
        return self._layout.from_rows(rows @ matrix + bias, ops.shape(x))

    def _in_few_kernels(self, inputs):
        if keras.backend.backend() != "torch" or self.method != "zca" or self.synchronized:
            return False
        return on_gpu(inputs) and inputs.numel() > 0 and self._layout.divides

    def _by_batch_on_gpu(self, inputs, dtype):
        # Without operations of Keras: each costs the host as much as several kernels.
        gamma, beta = (None if w is None else w.value for w in (self.gamma, self.beta))
        y, *statistics = decorrelated_batch(
            inputs, self.axis, gamma, beta, self._layout.size, self.epsilon, dtype
        )
        for average, value in zip((self.moving_mean, self.moving_whitening), statistics):
            average.assign(interpolated(average.value, value, 1 - self.momentum))
        return ops.cast(y, self.compute_dtype)

    def _affine(self, shift, moments, gamma, beta, not_empty):
        """Return the matrix and the bias for rows that had `shift` subtracted, from their moments.

        The running averages are updated only if `not_empty`: if there were any rows.
        """
        offset = ops.swapaxes(moments[..., -1:], 1, 2)
        covariance = moments[..., :-1] - moments[..., -1:] * offset
        whitening = self._whiten(self._layout.to_blocks(covariance))
        mean = ops.reshape(shift + offset, (-1,))
        move_average(self.moving_mean, mean, self.momentum, not_empty)
        move_average(self.moving_whitening, whitening, self.momentum, not_empty)
        matrix = self._matrix(whitening, gamma)
        bias = -(offset @ matrix)
        return matrix, bias if beta is None else bias + beta

    def _matrix(self, whitening, gamma):
        matrix = self._layout.to_matrix(whitening)
        return matrix if gamma is None else matrix * gamma

    def _whiten(self, blocks):
        if self.method == "newton":
            diagonal = self._layout.diagonal(self.epsilon, padding=0.0)
            return newton_whitening(blocks + ops.cast(diagonal, blocks.dtype), self.iterations)
        diagonal = self._layout.diagonal(self.epsilon, padding=1.0)
        return zca_whitening(blocks + ops.cast(diagonal, blocks.dtype), smallest=self.epsilon)

    def get_config(self) -> dict[str, Any]:
        names = ("group_size", "momentum", "method", "iterations", "synchronized")
        return {**super().get_config(), **{name: getattr(self, name) for name in names}}


def _first(total, rows):
    """Return the first row, averaged over replicas, as a number near the mean to subtract.

    What is left of the mean is then so small that its rounding error does not matter, and the
    sums of the rows need not be computed again. On a GPU the subtractions are fused into the
    products.
    """
    first = ops.stop_gradient(rows[:, :1])
    present = ops.cast(ops.shape(first)[1], first.dtype) * ops.ones((), first.dtype)
    return total(ops.sum(first, axis=1, keepdims=True)) / maximum(total(present), 1)


def _moments(total, count, centered):
    """Return the function rows -> [rowsᵀ·rows | rowsᵀ·1] / count, with a gradient of one product.

    Masked rows must be zeros already. The sums of rows that are `centered` are 0.
    """

    @ops.custom_gradient
    def moments(rows):
        gram = ops.swapaxes(rows, 1, 2) @ rows
        sums = ops.zeros_like(gram[..., :1]) if centered else ops.sum(rows, axis=1)[..., None]

        def gradient(*args, upstream=None):
            upstream = total(args[0] if upstream is None else upstream) / count
            inner, outer = upstream[..., :-1], ops.swapaxes(upstream[..., -1:], 1, 2)
            return rows @ (inner + ops.swapaxes(inner, 1, 2)) + outer

        return total(ops.concatenate([gram, sums], axis=-1)) / count, gradient

    return moments


def _identities(shape, dtype=None):
    # A sum, not `broadcast_to`: PyTorch cannot assign to a broadcast view.
    return ops.zeros(shape, dtype=dtype) + ops.eye(shape[-1], dtype=dtype)


def _unchanged(tensor):
    return tensor
