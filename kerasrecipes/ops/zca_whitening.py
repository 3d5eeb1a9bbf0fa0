"""Inverse square root of covariance matrices, with a gradient stable at repeated eigenvalues."""

from typing import Any

import keras
import numpy as np
from keras import ops

from kerasrecipes._backend.arithmetic import maximum, wide_type


def zca_whitening(covariance: Any, smallest: float | None = None) -> Any:
    """Return Σ^(-1/2), the symmetric matrix that whitens data of covariance Σ.

    Σ = U·diag(λ)·Uᵀ gives W = U·diag(λ^(-1/2))·Uᵀ. The gradient is the Daleckii-Krein form,
    Σ̄ = U·(G ∘ (Uᵀ·sym(W̄)·U))·Uᵀ with G_ij = -1 / (√λi·√λj·(√λi + √λj)): it has no
    1 / (λi - λj), so it is exact at repeated eigenvalues, where autograd through `eigh` fails.

    A matrix that is not finite gives NaN instead of an error in the decomposition.

    Args:
        covariance: Float tensor of shape `(..., k, k)`, symmetric positive definite (only its
            symmetric part is used). Half precision is decomposed in float32.
        smallest: float > 0, a lower bound of the eigenvalues: smaller ones are rounding errors and
            are raised to it. `None`: the machine epsilon times the largest eigenvalue.

    Returns:
        Tensor of the shape and dtype of `covariance`.

    Example:

    >>> import keras
    >>> import numpy as np
    >>> from kerasrecipes import ops
    >>> whitening = ops.zca_whitening(np.array([[5.0, 4.0], [4.0, 5.0]], "float32"))
    >>> print(np.round(keras.ops.convert_to_numpy(whitening), 3))
    [[ 0.667 -0.333]
     [-0.333  0.667]]

    Reference:
        - Huang et al., Decorrelated Batch Normalization, 2018, https://arxiv.org/abs/1804.08450.
          We also raise eigenvalues below `smallest`.
        - Daleckii & Krein, 1965, for the derivative of a function of a matrix.
    """
    covariance = ops.convert_to_tensor(covariance)
    dtype = keras.backend.standardize_dtype(covariance.dtype)
    wide = ops.cast(covariance, wide_type(dtype))
    symmetric = (wide + ops.swapaxes(wide, -1, -2)) / 2
    return ops.cast(_inverse_root(symmetric, smallest), dtype)


def _inverse_root(covariance, smallest):
    @ops.custom_gradient
    def inverse_root(covariance):
        root, vectors = _eigen_roots(covariance, smallest)
        whitening = _compose(vectors, 1 / root[..., None, :])

        def gradient(*args, upstream=None):
            upstream = args[0] if upstream is None else upstream
            rows, columns = root[..., :, None], root[..., None, :]
            symmetric = (upstream + ops.swapaxes(upstream, -1, -2)) / 2
            rotated = ops.swapaxes(vectors, -1, -2) @ symmetric @ vectors
            inner = -rotated / (rows * columns * (rows + columns))
            return vectors @ inner @ ops.swapaxes(vectors, -1, -2)

        return whitening, gradient

    return inverse_root(covariance)


def _eigen_roots(covariance, smallest):
    """Return the roots of the eigenvalues (NaN for a non-finite matrix) and the eigenvectors."""
    finite = ops.all(ops.isfinite(covariance), axis=(-2, -1), keepdims=True)
    identity = ops.eye(covariance.shape[-1], dtype=covariance.dtype)
    values, vectors = ops.linalg.eigh(ops.where(finite, covariance, identity))
    precision = np.finfo(keras.backend.standardize_dtype(covariance.dtype))
    if smallest is None:
        smallest = values[..., -1:] * float(precision.eps)
    root = ops.sqrt(maximum(maximum(values, smallest), float(precision.tiny)))
    return ops.where(finite[..., 0], root, float("nan")), vectors


def _compose(vectors, values):
    return (vectors * values) @ ops.swapaxes(vectors, -1, -2)
