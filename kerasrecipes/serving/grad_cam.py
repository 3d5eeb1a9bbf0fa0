"""Grad-CAM: where in an image a model sees a class."""

from collections.abc import Callable
from typing import Any, NamedTuple

import keras
import numpy as np
from keras import ops

from kerasrecipes._backend.gradient import gradients_of
from kerasrecipes._backend.keras_internals import input_in_graph, outputs_in_graph
from kerasrecipes.layers import ImagePreprocessing
from kerasrecipes.serving.flat_model import flat_model


class Explanation(NamedTuple):
    """Where a model sees a class.

    Attributes:
        label: int, the class.
        heat: float32 array `(rows, columns)` in [0, 1], of the last feature map.
        layer: str, the layer of the feature map.
    """

    label: int
    heat: np.ndarray
    layer: str


def grad_cam(model: keras.Model, image: Any, label: int | None = None) -> Explanation:
    """Return where in an image a model sees a class.

    `heat = relu(sum_k a_k · A_k)`, divided by its largest value, for the channels A_k of the last
    feature map; a_k is the mean over positions of the gradient of the score by A_k. The score is
    that before the activation of the last dense layer (softmax, sigmoid), as in the paper; without
    one, the output. Models inside the model are looked through.

    Args:
        model: Functional `keras.Model` from images to classes.
        image: Array `(height, width, channels)` as the model takes it.
        label: int, the class to be explained; `None` (default) is the one of the highest output.

    Returns:
        An `Explanation`.

    Raises:
        ValueError: If the model has no feature map of rank 4 behind its preprocessing, or `label`
            is not one of its outputs.

    Example:

    >>> import numpy as np
    >>> from kerasrecipes.serving import grad_cam
    >>> from kerasrecipes import models
    >>> model = models.resnet(8, (32, 32, 3), classes=4, seed=0)
    >>> grad_cam(model, np.zeros((32, 32, 3)), label=2).heat.shape
    (8, 8)

    Reference: Selvaraju et al., 2017, https://arxiv.org/abs/1610.02391.
    """
    return explainer(model)(image, label)


def explainer(model: keras.Model) -> Callable[..., Explanation]:
    """Return a function of an image and a label that explains several images as `grad_cam` does.

    Args:
        model: Functional `keras.Model` from images to classes.

    Raises:
        ValueError: if the model has no feature map, or a label is out of range.

    Example:

    >>> import keras
    >>> import numpy as np
    >>> from kerasrecipes import serving
    >>> model = keras.Sequential([keras.Input((8, 8, 1)), keras.layers.Conv2D(4, 3)])
    >>> model.add(keras.layers.GlobalAveragePooling2D())
    >>> model.add(keras.layers.Dense(3, "softmax"))
    >>> explain = serving.explainer(model)
    >>> found = explain(np.ones((8, 8, 1), "float32"), label=2)
    >>> found.label, found.heat.shape
    (2, (6, 6))

    Reference: Selvaraju et al., 2017, https://arxiv.org/abs/1610.02391.
    """
    flat = flat_model(model)
    layer, feature_map = _last_feature_map(flat)
    maps_and_output = keras.Model(flat.inputs[0], [feature_map, flat.outputs[0]])
    score = _score(flat, feature_map)
    dtype = keras.backend.standardize_dtype(flat.inputs[0].dtype)

    def explain(image, label=None):
        batch = ops.convert_to_tensor(np.asarray(image)[None].astype(dtype))
        features, output = maps_and_output(batch, training=False)
        classes = output.shape[-1]
        label = int(np.argmax(ops.convert_to_numpy(output)[0])) if label is None else label
        if not 0 <= label < classes:
            raise ValueError(f"Argument `label` must be in [0, {classes}). Received: label={label}")
        _, (gradient,) = gradients_of(lambda maps: (ops.sum(score(maps, label)), ()), [features])
        return Explanation(label, _heat(features, gradient), layer)

    return explain


def _heat(features, gradient):
    """Return the map of one image, divided by its largest value."""
    maps, gradient = (
        ops.convert_to_numpy(ops.cast(values, "float32"))[0] for values in (features, gradient)
    )
    if keras.backend.image_data_format() == "channels_first":
        maps, gradient = np.moveaxis(maps, 0, -1), np.moveaxis(gradient, 0, -1)
    heat = np.maximum(maps @ gradient.mean(axis=(0, 1)), 0)
    return heat / max(heat.max(), np.finfo("float32").tiny)


def _last_feature_map(flat):
    """Return name and output of the last layer with a map of several positions."""
    found = None
    for layer, output in outputs_in_graph(flat).items():
        skipped = isinstance(layer, (keras.layers.InputLayer, ImagePreprocessing))
        if len(output.shape) == 4 and not skipped and tuple(output.shape[1:3]) != (1, 1):
            found = layer.name, output
    if found is None:
        raise ValueError(
            f"Argument `model` must have a feature map (batch, height, width, channels) to be "
            f"explained. Received: {flat.name}"
        )
    return found


def _score(flat, feature_map):
    """Return a function from the feature map and a class to the score of the class."""
    outputs, classes = outputs_in_graph(flat), flat.outputs[0].shape[-1]
    dense = [layer for layer in outputs if isinstance(layer, keras.layers.Dense)]
    if not dense or dense[-1].units != classes:
        rest = keras.Model(feature_map, flat.outputs[0])
        return lambda maps, label: rest(maps, training=False)[:, label]
    head = dense[-1]
    inputs = keras.Model(feature_map, input_in_graph(flat, head))

    def score(maps, label):
        units = ops.cast(inputs(maps, training=False), "float32")
        value = ops.matmul(units, ops.cast(head.kernel, "float32")[:, label : label + 1])
        return value + ops.cast(head.bias, "float32")[label] if head.use_bias else value

    return score
