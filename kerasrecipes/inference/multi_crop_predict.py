"""Predictions averaged over several crops of each image."""

import math
from typing import Any

import keras
import numpy as np

from kerasrecipes._backend.padded_predict import padded_predict
from kerasrecipes._validation import check_boolean, check_choice, check_integer

AVERAGES = ("probabilities", "scores")


def multi_crop_predict(
    model: keras.Model,
    dataset: Any,
    average: str = "probabilities",
    batch_size: int = 256,
    return_labels: bool = False,
) -> Any:
    """Return the predictions of a classifier, averaged over the crops of each image.

    `p(image) = 1/K · sum_k softmax(s_k)` over its K crops, or, with `average="scores"`,
    `p(image) = softmax(1/K · sum_k s_k)`, which is the geometric mean of the probabilities.

    Args:
        model: Keras model that maps `(batch, height, width, channels)` to probabilities
            `(batch, classes)`.
        dataset: iterable of batches, read once, in order: `crops`, or a tuple `(crops, labels)`
            with crops of shape `(batch, K, height, width, channels)`, as from
            `augment.pipeline(..., [augment.TenCrop(224), ...], training=False)`. Batches of rank 4
            are images with a single crop.
        average: `"probabilities"` (default) or `"scores"`.
        batch_size: int >= 1. Largest number of crops given to the model at once; a batch of more
            is divided evenly. Defaults to 256. A model that compiles for each batch size (JAX, XLA)
            gets fewer crops at the size of those before: the last crop is repeated, and the
            outputs of the repeats are cut off. So an output must not depend on other examples.
        return_labels: bool, whether to return the labels as well. Defaults to `False`.

    Returns:
        NumPy array `(images, classes)`, float32, rows that sum to 1; with `return_labels=True` the
        tuple `(predictions, labels)`.

    Raises:
        ValueError: If the batches have another rank, if there is none, or if `return_labels` is
            `True` and the batches have no labels.

    Example:

    >>> import keras
    >>> from kerasrecipes.inference import multi_crop_predict
    >>> import numpy as np
    >>> model = keras.Sequential([keras.Input((4, 4, 1)), keras.layers.Flatten(),
    ...                           keras.layers.Dense(3, activation="softmax")])
    >>> crops = np.random.default_rng(0).normal(size=(2, 10, 4, 4, 1)).astype("float32")
    >>> multi_crop_predict(model, [crops]).shape
    (2, 3)

    Reference:
        Krizhevsky, Sutskever & Hinton, 2012 (ten crops); He et al., 2015,
        https://arxiv.org/abs/1512.03385 (several scales). He et al. average the scores of the
        fully-convolutional network; here crops are averaged, as in the CS231n lecture.
    """
    check_choice("average", average, AVERAGES)
    check_integer("batch_size", batch_size, "[1, inf)")
    check_boolean("return_labels", return_labels)
    predictions, labels, largest, size = [], [], 0, 0
    for batch in dataset:
        crops, label = batch if isinstance(batch, (tuple, list)) else (batch, None)
        if return_labels and label is None:
            raise ValueError(
                "Argument `dataset` must yield (crops, labels) with return_labels=True. "
                "Received: batches without labels"
            )
        largest = max(largest, math.prod(_shape(crops)[:-3]))
        size = max(size, _even_size(largest, batch_size))
        predictions.append(_average(_predict(model, crops, size), average))
        labels.append(None if label is None else np.asarray(label))
    if not predictions:
        raise ValueError("Argument `dataset` must have at least one batch. Received: none")
    predictions = np.concatenate(predictions)
    return (predictions, np.concatenate(labels)) if return_labels else predictions


def _even_size(total, batch_size):
    """Return how many crops at once divide a batch into parts of nearly one size."""
    return math.ceil(total / max(1, math.ceil(total / batch_size))) or 1


def _shape(crops):
    """Return the shape of a batch, of rank 4 or 5."""
    shape = tuple(crops.shape)
    if len(shape) not in (4, 5):
        raise ValueError(
            "Argument `dataset` must yield crops of rank 5 (batch, crops, height, width, channels)"
            f" or images of rank 4. Received: a batch of shape {shape}"
        )
    return shape


def _predict(model, crops, size):
    """Return probabilities of shape `(images, crops, classes)`."""
    shape = _shape(crops)
    count = shape[1] if len(shape) == 5 else 1
    flat = keras.ops.reshape(keras.ops.convert_to_tensor(crops), (-1, *shape[-3:]))
    parts = [
        _outputs(model, flat[start : start + size], size)
        for start in range(0, shape[0] * count, size)
    ]
    return np.concatenate(parts).astype("float64").reshape(shape[0], count, -1)


def _outputs(model, crops, size):
    """Return the outputs of a batch once: each replica of TensorFlow gives those of all."""
    return keras.ops.convert_to_numpy(padded_predict(model, crops, size))[: len(crops)]


def _average(probabilities, average):
    if average == "probabilities":
        return probabilities.mean(axis=1).astype("float32")
    tiny = np.finfo("float32").tiny
    scores = np.log(np.maximum(probabilities, tiny)).mean(axis=1)
    exponentials = np.exp(scores - scores.max(axis=1, keepdims=True))
    return (exponentials / exponentials.sum(axis=1, keepdims=True)).astype("float32")
