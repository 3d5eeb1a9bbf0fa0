"""Batch normalisation by small parts of the batch."""

from typing import Any

import keras
from keras import ops

from kerasrecipes._backend.arithmetic import mean_over, wide_type
from kerasrecipes._validation import check_floating, check_integer, check_number
from kerasrecipes.layers._scale_and_center import ScaleAndCenter


@keras.saving.register_keras_serializable(package="kerasrecipes")
class GhostBatchNormalization(ScaleAndCenter):
    """Batch normalisation with the statistics of a few images at a time.

    y = gamma · (x - μ_g) / √(σ_g² + ε) + beta, with μ_g and the biased σ_g² of each channel over
    all positions of `size` consecutive examples, the last part smaller if `size` does not divide
    the batch. Each step moves the running averages towards the mean of μ_g and σ_g² over the parts.

    A batch of 16 in parts of 2 has the statistics that 8 devices with 2 images each have, in one
    step: it shows what batch normalisation loses at small batches without the time that they take.

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
        ValueError: An argument is outside its range.
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

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        channels = self._build_channels(input_shape, least_rank=2)
        self.moving_mean, self.moving_variance = (
            self.add_weight(
                shape=(channels,), name=name, initializer=start, trainable=False, autocast=False,
                aggregation="mean",
            )
            for name, start in (("moving_mean", "zeros"), ("moving_variance", "ones"))
        )  # fmt: skip

    def call(self, inputs: Any, training: bool | None = None) -> Any:
        check_floating("inputs", inputs)
        dtype = wide_type(inputs.dtype, self.compute_dtype)
        x = ops.moveaxis(ops.cast(inputs, dtype), self.axis, -1)
        if training and self.trainable:
            y = self._by_parts(x, dtype)
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

    def _by_parts(self, x, dtype):
        """Normalise each part, of which the last is filled up with zeros, and move the averages."""
        shape = ops.shape(x)
        parts = (shape[0] + self.size - 1) // self.size
        filled = ops.concatenate([x, *[ops.zeros_like(x[:1])] * (self.size - 1)])
        rows = ops.reshape(filled[: parts * self.size], (parts, self.size, -1, shape[-1]))
        there = ops.arange(parts * self.size) < shape[0]
        there = ops.reshape(ops.cast(there, dtype), (parts, self.size, 1, 1))
        count = ops.sum(there, axis=(1, 2), keepdims=True) * ops.cast(ops.shape(rows)[2], dtype)
        mean = ops.sum(rows, axis=(1, 2), keepdims=True) / count
        centred = (rows - mean) * there
        variance = ops.sum(ops.square(centred), axis=(1, 2), keepdims=True) / count
        for average, value in ((self.moving_mean, mean), (self.moving_variance, variance)):
            target = ops.cast(mean_over(value, (0, 1, 2)), average.dtype)
            average.assign(self.momentum * average + (1 - self.momentum) * target)
        y = centred * ops.rsqrt(variance + self.epsilon)
        return ops.reshape(ops.reshape(y, (-1, *shape[1:]))[: shape[0]], shape)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "size": self.size, "momentum": self.momentum}
