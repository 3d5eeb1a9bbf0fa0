"""An approximate inverse square root of covariance matrices, by matrix products alone."""

from typing import Any

import keras
from keras import ops

from kerasrecipes._backend.arithmetic import wide_type
from kerasrecipes._validation import check_integer


def newton_whitening(covariance: Any, iterations: int = 5) -> Any:
    """Return an approximation of Σ^(-1/2) by Newton's iteration, as IterNorm does.

    With Σn = Σ / tr(Σ): P ← ½·(3P - P³·Σn) from P = I, then W = P / √tr(Σ). A few iterations
    whiten only partly, least along eigenvectors of small variance; this is part of the method.

    Args:
        covariance: Float tensor of shape `(..., k, k)`, symmetric positive definite. Half
            precision is computed in float32.
        iterations: int in [1, 10]. More would diverge by rounding errors, even in float64.
            Defaults to 5.

    Returns:
        Tensor of the shape and dtype of `covariance`.

    Raises:
        ValueError: `iterations` is outside [1, 10].

    Example:

    >>> import keras
    >>> import numpy as np
    >>> from kerasrecipes import ops
    >>> whitening = ops.newton_whitening(np.array([[5.0, 4.0], [4.0, 5.0]], "float32"))
    >>> print(np.round(keras.ops.convert_to_numpy(whitening), 3))
    [[ 0.665 -0.332]
     [-0.332  0.665]]

    Reference:
        - Huang et al., Iterative Normalization: Beyond Standardization towards Efficient
          Whitening, 2019, https://arxiv.org/abs/1904.03441. We use the coupled form of the same
          iteration (Higham, Functions of Matrices, 2008, chapter 6), which is stable.
    """
    check_integer("iterations", iterations, "[1, 10]")
    covariance = ops.convert_to_tensor(covariance)
    dtype = keras.backend.standardize_dtype(covariance.dtype)
    wide = ops.cast(covariance, wide_type(dtype))
    trace = ops.trace(wide, axis1=-2, axis2=-1)[..., None, None]
    normed = wide / trace
    # In exact arithmetic root = power · Σn. Iterating both keeps rounding errors from growing;
    # with P³·Σn they would grow.
    root, power = normed, ops.eye(wide.shape[-1], dtype=wide.dtype)
    for _ in range(iterations):
        step = 1.5 * ops.eye(wide.shape[-1], dtype=wide.dtype) - 0.5 * (power @ root)
        root, power = root @ step, step @ power
    return ops.cast(power / ops.sqrt(trace), dtype)
