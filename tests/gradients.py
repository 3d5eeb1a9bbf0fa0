"""The gradient of a function of one tensor, on every backend."""

import keras
import numpy as np


def gradient_of(function, x, upstream):
    """d sum(function(x) · upstream) / dx, as NumPy."""
    dtype = keras.backend.standardize_dtype(x.dtype)
    upstream = keras.ops.convert_to_tensor(np.asarray(upstream), dtype=dtype)

    def loss(x):
        return keras.ops.sum(function(x) * upstream)

    if keras.backend.backend() == "tensorflow":
        import tensorflow as tf

        with tf.GradientTape() as tape:
            tape.watch(x)
            value = loss(x)
        return tape.gradient(value, x).numpy()
    if keras.backend.backend() == "jax":
        import jax

        return np.asarray(jax.grad(loss)(x))
    x = x.detach().requires_grad_()
    loss(x).backward()
    return x.grad.numpy()
