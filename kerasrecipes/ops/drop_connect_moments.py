"""Mean and variance of a dense unit with randomly dropped weights."""

from typing import Any

from keras import ops

from kerasrecipes._backend.arithmetic import matmul
from kerasrecipes._validation import check_number


def drop_connect_moments(x: Any, kernel: Any, bias: Any, rate: float) -> Any:
    """Return mean and variance of x·(M∗W) + m∗b over Bernoulli masks M and m.

    mean = p·(x·W + b), variance = p·(1 - p)·((x∗x)·(W∗W) + b∗b), p = 1 - rate

    Args:
        x: Float tensor of shape `(..., inputs)`.
        kernel: Float tensor W of shape `(inputs, units)`.
        bias: Float tensor b of shape `(units,)`, or `None`.
        rate: float in [0, 1), the probability that a weight is dropped.

    Returns:
        `(mean, variance)`, each of shape `(..., units)`.

    Raises:
        ValueError, TypeError: if `rate` is out of its range or not a number.

    Example:

    >>> import numpy as np
    >>> from kerasrecipes import ops
    >>> x, kernel = np.array([[1.0, 2.0]], "float32"), np.array([[3.0], [4.0]], "float32")
    >>> mean, variance = ops.drop_connect_moments(x, kernel, None, rate=0.5)
    >>> print(float(mean[0, 0]), float(variance[0, 0]))
    5.5 18.25

    Reference: Wan et al., 2013, Regularization of neural networks using DropConnect,
    https://proceedings.mlr.press/v28/wan13.html
    """
    check_number("rate", rate, "[0, 1)")
    kept = 1 - rate
    mean, variance = matmul(x, kernel), matmul(ops.square(x), ops.square(kernel))
    if bias is not None:
        mean, variance = mean + bias, variance + ops.square(bias)
    return kept * mean, kept * rate * variance
