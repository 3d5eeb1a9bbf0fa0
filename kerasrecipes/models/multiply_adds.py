"""Multiply-adds of a model, counted from its layers."""

import functools
import math
from typing import Any

import keras
import numpy as np

from kerasrecipes._backend.keras_internals import calls_replaced, flatten_layers

KERNELS = ("kernel", "depthwise_kernel", "pointwise_kernel")


def multiply_adds(model: keras.Model, image_shape: Any = None) -> int:
    """Return the multiply-adds of a model for one image, of convolutions and dense layers.

    A layer with a kernel has `positions · size of the kernel`, for the positions of its output (of
    its input for a transposed convolution); an `EinsumDense`, `values of the output · values that
    are summed for each`. As in the papers of ResNet and MobileNet, biases, normalisation, pooling
    and activations are not counted; neither are products of two inputs, as in attention. The counts
    published with EfficientNet-Lite are 3 to 6% higher: all five are ours plus 3 for each value
    that is normalised, within 0.5%. The model runs once, in inference mode, on an image of zeros.

    Args:
        model: Keras model with one input, wrapped and nested layers included.
        image_shape: Shape of an image without the batch; `None` (default) is the model's, which
            must then be known.

    Returns:
        int.

    Raises:
        ValueError: If the shape of the image is not known.

    Example:

    >>> import keras
    >>> from kerasrecipes.models import multiply_adds
    >>> model = keras.Sequential([keras.Input((8, 8, 3)), keras.layers.Conv2D(4, 3, strides=2)])
    >>> multiply_adds(model)  # 3 · 3 positions, a kernel of 3 · 3 · 3 · 4
    972
    """
    shape = tuple(model.inputs[0].shape[1:] if image_shape is None else image_shape)
    if None in shape:
        raise ValueError(
            f"Argument `image_shape` must be given for a model of images of any size. Received: "
            f"image_shape={image_shape}, the model's is {shape}"
        )
    counts = []
    layers = [layer for layer in flatten_layers(model) if _kernels(layer)]
    dtype = keras.backend.standardize_dtype(model.inputs[0].dtype)
    with calls_replaced(layers, functools.partial(_counting, counts)):
        model(np.zeros((1, *shape), dtype), training=False)
    return sum(counts)


def _counting(counts, layer, call):
    def counted(inputs, *args, **kwargs):
        outputs = call(inputs, *args, **kwargs)
        if isinstance(layer, keras.layers.EinsumDense):
            counts.append(math.prod(outputs.shape[1:]) * _summed(layer))
            return outputs
        sizes = [math.prod(kernel.shape) for kernel in _kernels(layer)]
        transposed = "Transpose" in type(layer).__name__
        counts.append(_positions(layer, inputs if transposed else outputs) * sum(sizes))
        return outputs

    return counted


def _summed(layer):
    """The products that an `EinsumDense` sums for each value: the axes that its output lacks."""
    operands, output = layer.equation.split("->")
    axes = zip(operands.split(",")[1], layer.kernel.shape)
    return math.prod(size for axis, size in axes if axis not in output)


def _positions(layer, tensor):
    """The positions of an image's tensor, without its channels."""
    shape = tuple(tensor.shape[1:])
    first = getattr(layer, "data_format", "channels_last") == "channels_first"
    return math.prod(shape[1:] if first else shape[:-1])


def _kernels(layer):
    if isinstance(layer, keras.Model):
        return []
    found = [getattr(layer, name, None) for name in KERNELS]
    return [kernel for kernel in found if hasattr(kernel, "shape")]
