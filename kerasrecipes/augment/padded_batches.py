"""Batches of a test that several devices can share evenly."""

from typing import Any

import numpy as np

from kerasrecipes._backend.requirement import has_tensorflow
from kerasrecipes._backend.tensorflow_module import tf

PADDING = -np.finfo(np.float32).tiny  # times a loss it is lost in any sum


def padded_batches(
    batches: Any, multiple: int, images: int, shard: tuple[int, int] = (0, 1)
) -> Any:
    """Return batches of (images, labels, weights), filled up with copies of weight `PADDING`.

    Keras divides the loss of a batch by its size, padding included, and weighs batches by their
    size. So that the mean over all is that of the images alone, each image has the weight

    ```
    ceil(images / multiple) · multiple / images
    ```

    times its own. Metrics must be compiled as `weighted_metrics`, and tell padding from images of
    weight 0 by its sign.

    Args:
        batches: what `pipeline(..., training=False)` returns; its batch size is a multiple of
            `multiple`.
        multiple: int >= 1, the number of devices.
        images: int >= 1, how many images the batches have in all.
        shard: pair (number, count) of a process, which gets its part of each batch; `count` divides
            `multiple`. Defaults to (0, 1), the whole.
    """
    scale = np.float32(-(-images // multiple) * multiple / images)
    is_dataset = has_tensorflow() and isinstance(batches, tf.data.Dataset)
    pad = _padded_tensors if is_dataset else _padded_arrays
    padded = batches.map(lambda *batch: pad(multiple, scale, *batch))
    if shard != (0, 1):
        padded = padded.map(lambda *batch: _part(*shard, *batch))
    padded.source = batches.source  # by which `callbacks.Resume` tells other images
    return padded


def _part(number, count, *batch):
    """Return the rows of one process, of arrays or of tensors of unknown size."""
    rows = batch[-1].shape[0]
    part = (tf.shape(batch[-1])[0] if rows is None else rows) // count
    return tuple(array[part * number : part * (number + 1)] for array in batch)


def _padded_tensors(multiple, scale, images, labels, weights=None):
    count = tf.shape(images)[0]
    index = tf.concat([tf.range(count), tf.zeros([-count % multiple], tf.int32)], axis=0)
    weights = tf.ones([count]) if weights is None else tf.cast(weights, tf.float32)
    weights = tf.pad(weights * scale, [[0, -count % multiple]], constant_values=PADDING)
    return tf.gather(images, index), tf.gather(labels, index), weights


def _padded_arrays(multiple, scale, images, labels, weights=None):
    index = np.r_[np.arange(len(images)), np.zeros(-len(images) % multiple, int)]
    weights = np.ones(len(images), "float32") if weights is None else np.asarray(weights)
    weights = np.pad(
        weights.astype("float32") * scale,
        (0, len(index) - len(images)),
        constant_values=PADDING,
    )
    return np.asarray(images)[index], np.asarray(labels)[index], weights
