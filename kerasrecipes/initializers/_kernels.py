"""Kernels of layers as matrices, and orthonormal values for them."""

import math

import keras
import numpy as np

from kerasrecipes._backend.keras_internals import flatten_layers

TRANSPOSED = (keras.layers.Conv1DTranspose, keras.layers.Conv2DTranspose,
              keras.layers.Conv3DTranspose)  # fmt: skip
DEPTHWISE = (keras.layers.DepthwiseConv1D, keras.layers.DepthwiseConv2D)
SEPARABLE = (keras.layers.SeparableConv1D, keras.layers.SeparableConv2D)


def kernels_of(layer):
    """Return the trainable kernels of a layer itself, the one that sets the scale last."""
    names = (
        ("depthwise_kernel", "pointwise_kernel") if isinstance(layer, SEPARABLE) else ("kernel",)
    )
    kernels = [getattr(layer, name, None) for name in names]
    return [k for k in kernels if isinstance(k, keras.Variable) and k.trainable and is_float(k)]


def is_float(variable):
    return "float" in keras.backend.standardize_dtype(variable.dtype)


def layers_with_kernels(model):
    """Return the layers of a model that have trainable kernels, each once, those of loops left out.

    Recurrent layers call their cell inside a compiled loop, where nothing can be assigned.
    """
    cells = set()
    found = {}
    for layer in flatten_layers(model):
        if isinstance(layer, (keras.layers.RNN, keras.layers.TimeDistributed)):
            cells |= {id(part) for part in flatten_layers(layer)}
        if kernels_of(layer):
            found.setdefault(id(layer), layer)
    return [layer for key, layer in found.items() if key not in cells]


def orthonormal(layer, kernel, generator):
    """Return an orthonormal value for a kernel: of as many rows or columns as are possible.

    A kernel is the matrix of (inputs of one unit, units); each channel of a depthwise kernel is a
    matrix of its own.
    """
    shape = tuple(kernel.shape)
    if _is_depthwise(layer, kernel):
        *window, channels, multiplier = shape
        size = math.prod(window)
        parts = [_matrix(size, multiplier, generator) for _ in range(channels)]
        return np.stack(parts, axis=1).reshape(shape)
    if isinstance(layer, TRANSPOSED):
        *window, units, inputs = shape
        matrix = _matrix(math.prod(window) * inputs, units, generator)
        return np.swapaxes(matrix.reshape(*window, inputs, units), -1, -2)
    return _matrix(math.prod(shape[:-1]), shape[-1], generator).reshape(shape)


def _is_depthwise(layer, kernel):
    return isinstance(layer, DEPTHWISE) or kernel is getattr(layer, "depthwise_kernel", None)


def _matrix(rows, columns, generator):
    q, r = np.linalg.qr(generator.normal(size=(max(rows, columns), min(rows, columns))))
    q = q * np.sign(np.diag(r))  # uniform over the orthonormal matrices
    return q if rows >= columns else q.T
