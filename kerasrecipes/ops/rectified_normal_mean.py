"""The mean of a rectified normal variable."""

import math
from typing import Any

from keras import ops


def rectified_normal_mean(mean: Any, variance: Any) -> Any:
    """Return E[max(0, z)] for z ~ N(mean, variance).

    μ·Φ(μ/σ) + σ·φ(μ/σ), and max(0, μ) where the variance is 0.

    Args:
        mean: Float tensor μ.
        variance: Float tensor σ², at least 0, of the same shape or one that broadcasts.

    Returns:
        Tensor of the broadcast shape, never negative. Its gradient is finite at variance 0 too:
        the gradient with respect to the variance is 0 there.

    Example:

    >>> import numpy as np
    >>> from kerasrecipes import ops
    >>> mean, variance = np.array([0.0, 1.0, -2.0], "float32"), np.array([1.0, 0.0, 4.0], "float32")
    >>> print(np.round(np.array(ops.rectified_normal_mean(mean, variance)), 4))
    [0.3989 1.     0.1666]

    Reference: Wan et al., 2013, Regularization of neural networks using DropConnect,
    https://proceedings.mlr.press/v28/wan13.html
    """
    mean, variance = ops.convert_to_tensor(mean), ops.convert_to_tensor(variance)
    positive = variance > 0
    # √1 where the variance is 0: the gradient of √0 is infinite and would give NaN.
    std = ops.sqrt(ops.where(positive, variance, ops.ones_like(variance)))
    z = ops.clip(mean / std, -40.0, 40.0)
    density = ops.exp(-0.5 * ops.square(z)) / math.sqrt(2 * math.pi)
    expected = mean * 0.5 * ops.erfc(-z / math.sqrt(2)) + std * density
    return ops.where(positive, ops.relu(expected), ops.relu(mean))
