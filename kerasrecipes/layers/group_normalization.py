"""Group normalisation with the weights and outputs of Keras, in a third to 0.6 of the time."""

import math
from typing import Any

import keras
from keras import ops

from kerasrecipes._backend.accelerator import on_gpu
from kerasrecipes._backend.arithmetic import maximum, mean_over, wide_type
from kerasrecipes._backend.multiply_add import multiply_add
from kerasrecipes._backend.normalized_groups import normalized_groups
from kerasrecipes._validation import check_floating, check_integer
from kerasrecipes.layers._scale_and_center import ScaleAndCenter


@keras.saving.register_keras_serializable(package="kerasrecipes")
class GroupNormalization(ScaleAndCenter):
    """Normalises contiguous groups of channels per example, the same in training and inference.

    y = gamma · (x - μ) / √(σ² + ε) + beta, with μ and the biased σ² over all positions and the
    channels of one group of one example. Its weights are those of
    `keras.layers.GroupNormalization`, by `set_weights` or from a file; that layer's default of
    `epsilon` differs, 1e-3: give both the same one.

    Args:
        groups: int >= 1 that divides the channels, or -1 for one group per channel
            (instance normalisation). Defaults to 32.
        axis: int, the axis of the channels, not the batch axis 0. Defaults to -1.
        epsilon: float > 0, added to the variance. Defaults to 1e-5, the paper's.
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
        ValueError: `groups` does not divide the channels, or an option is out of range.
        TypeError: The inputs are integers.

    Example:

    >>> import keras
    >>> import numpy as np
    >>> from kerasrecipes.layers import GroupNormalization
    >>> y = GroupNormalization(groups=2)(np.array([[1.0, 3.0, 10.0, 30.0]], "float32"))
    >>> print(np.round(keras.ops.convert_to_numpy(y), 3))
    [[-1.  1. -1.  1.]]

    Reference:
        - Wu & He, Group Normalization, 2018, https://arxiv.org/abs/1803.08494.
    """

    def __init__(
        self,
        groups: int = 32,
        axis: int = -1,
        epsilon: float = 1e-5,
        center: bool = True,
        scale: bool = True,
        **kwargs: Any,
    ) -> None:
        super().__init__(axis, epsilon, center, scale, **kwargs)
        check_integer("groups", groups, "[-1, -1]" if groups == -1 else "[1, inf)")
        self.groups = groups
        self.supports_masking = True
        self.autocast = False

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        channels = self._build_channels(input_shape, least_rank=2)
        if channels % self.groups:
            raise ValueError(
                f"Argument `groups` must divide the {channels} channels of axis {self.axis}. "
                f"Received: groups={self.groups}"
            )
        self._groups = channels if self.groups == -1 else self.groups

    def call(self, inputs: Any) -> Any:
        check_floating("inputs", inputs)
        dtype = wide_type(inputs.dtype, self.compute_dtype)
        if keras.backend.backend() == "torch" and on_gpu(inputs) and len(inputs):
            # Without operations of Keras: each costs the host as much as several kernels.
            gamma, beta = (None if w is None else w.value for w in (self.gamma, self.beta))
            dtypes = dtype, self.compute_dtype
            return normalized_groups(
                inputs, self.axis, gamma, beta, self._groups, self.epsilon, *dtypes
            )
        shape = ops.shape(inputs)
        axis = self.axis % len(shape)
        channels = inputs.shape[axis]
        # (batch, positions before, channels, positions after) covers every data format.
        view = (shape[0], _product(shape[1:axis]), channels, _product(shape[axis + 1 :]))
        gamma, beta = (
            ops.full((1, 1, channels, 1), default, dtype)
            if weight is None
            else ops.reshape(ops.cast(weight, dtype), (1, 1, channels, 1))
            for weight, default in ((self.gamma, 1.0), (self.beta, 0.0))
        )
        x = ops.reshape(ops.cast(inputs, dtype), view)
        y = _normalize(self._groups, self.epsilon)(x, gamma, beta)
        return ops.cast(ops.reshape(y, shape), self.compute_dtype)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "groups": self.groups}


def _normalize(groups, epsilon):
    """Return the function (x, gamma, beta) -> y, which reads x as few times as possible."""

    @ops.custom_gradient
    def normalize(x, gamma, beta):
        shifted = x - _shift(x, groups)
        mean = _over_groups(_over_positions(shifted), groups)
        square = _over_groups(_over_positions(ops.square(shifted)), groups)
        root = ops.rsqrt(maximum(square - ops.square(mean), 0) + epsilon)
        slope = gamma * root
        y = multiply_add(shifted, slope, beta - mean * slope)

        def gradient(*args, upstream=None):
            upstream = args[0] if upstream is None else upstream
            direct = _over_positions(upstream)
            along = (_over_positions(upstream * shifted) - mean * direct) * root
            pull = root * root * _over_groups(gamma * along, groups)
            rest = mean * pull - root * _over_groups(gamma * direct, groups)
            count = ops.cast(_product(ops.shape(x)[1::2]), x.dtype)
            return (
                multiply_add(upstream, slope, multiply_add(shifted, -pull, rest)),
                count * ops.sum(along, axis=0, keepdims=True),
                count * ops.sum(direct, axis=0, keepdims=True),
            )

        return y, gradient

    return normalize


def _shift(x, groups):
    """Return a number near each group's mean; subtracting it avoids cancellation in the variance.

    The mean of an eighth of the positions is enough: if it differs by m from the mean of all, the
    variance is at least m² / 7, so the mean square of the shifted data is at most 8 times it.
    On a GPU the first value of the group is, because the sums of the shifted data are fused with
    the subtraction there and another read is not: with n values it differs by at most √n standard
    deviations.
    """
    if on_gpu(x):
        first = x[:, :1, :: x.shape[2] // groups, :1]
        return ops.repeat(first, x.shape[2] // groups, axis=2)
    positions = x.shape[1]
    if positions is not None and positions >= 8 and x.shape[3] == 1:
        x = x[:, : positions // 8]
    return _over_groups(_over_positions(x), groups)


def _over_positions(x):
    positions = x.shape[1]
    if keras.backend.backend() == "tensorflow" and positions and x.shape[3] == 1:
        # XLA reads all positions channel by channel: blocks of a few positions fit the cache.
        few = math.gcd(positions, 16)
        if few > 1:
            x = mean_over(ops.reshape(x, (-1, positions // few, few, x.shape[2], 1)), axis=2)
    return mean_over(x, axis=(1, 3), keepdims=True)


def _over_groups(x, groups):
    """Return the mean over the channels of each group, repeated for every channel."""
    channels = x.shape[2]
    means = mean_over(ops.reshape(x, (-1, groups, channels // groups)), axis=2, keepdims=True)
    return ops.reshape(ops.repeat(means, channels // groups, axis=2), (-1, 1, channels, 1))


def _product(sizes):
    total = 1
    for size in sizes:
        total = total * size
    return total
