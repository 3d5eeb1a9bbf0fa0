"""Transforms by their form for a device: on a batch, and on NumPy arrays without TensorFlow."""

import keras
import numpy as np
from keras import ops

from kerasrecipes._backend.requirement import require_tensorflow
from kerasrecipes.augment import host_draws
from kerasrecipes.augment.pixel_values import check_dtype, is_floating


def draw_tensors(transform, seeds, shape):
    """Return what `transform` draws for a batch as tensors, of 32 bits as every backend has."""
    drawn = []
    for values in transform.draw_on_host(seeds, shape):
        values = np.asarray(values)
        if values.dtype != np.bool_:
            values = values.astype(np.float32 if values.dtype.kind == "f" else np.int32)
        drawn.append(ops.convert_to_tensor(values))
    return drawn


def apply_all(transforms, images, labels, drawn):
    """Return images and labels after all transforms; several crops of an image are drawn once."""
    for transform, values in zip(transforms, drawn):
        if transform.takes_labels:
            images, labels = transform.apply_on_device(images, labels, *values)
            continue
        crops = images.shape[1] if len(images.shape) == 5 else None
        if crops is None:
            images = transform.apply_on_device(images, *values)
            continue
        flat = ops.reshape(images, (-1, *images.shape[2:]))
        flat = transform.apply_on_device(
            flat, *(ops.repeat(part, crops, axis=0) for part in values)
        )
        images = ops.reshape(flat, (-1, crops, *flat.shape[1:]))
    return images, labels


def apply_to_array(transform, image, seed):
    """Return the NumPy array that `transform(image, seed)` is where TensorFlow is missing."""
    if isinstance(image, (bytes, np.bytes_)) or not transform.has_device_form:
        what = "Encoded images" if transform.has_device_form else f"`{type(transform).__name__}`s"
        require_tensorflow(what)
    image = np.asarray(keras.ops.convert_to_numpy(image))
    check_dtype(image.dtype, "image")
    if not transform.batched and image.ndim != 3:
        raise ValueError(
            "Argument `image` must be bytes or have shape (height, width, channels). Received: "
            f"shape={image.shape}"
        )
    if image.ndim not in (3, 4, 5):
        raise ValueError(
            "Argument `image` must have shape (height, width, channels) or (N, height, "
            f"width, channels). Received: shape={image.shape}"
        )
    if transform.draws_on_host:
        transform.check_given(seed)
    else:
        seed = 0  # not used
    batch, seeds = image[None] if image.ndim == 3 else image, host_draws.as_seed(seed)
    per_image = np.ascontiguousarray(np.broadcast_to(seeds, (len(batch), 2)))
    drawn = draw_tensors(transform, per_image, batch.shape[-3:])
    if drawn and image.ndim > 3 and seeds.ndim == 1:
        raise ValueError(
            "Argument `seed` must be a pair of integers for each image of a batch, shape "
            f"(N, 2). Received: shape={seeds.shape} for images of shape {image.shape}"
        )
    result, _ = apply_all([transform], ops.convert_to_tensor(batch), None, [drawn])
    result = ops.convert_to_numpy(result)
    return result[0] if image.ndim == 3 else result


def check_mixing(images, labels):
    """Raise unless a transform can mix these: a batch of images, one-hot labels as floats."""
    if len(images.shape) != 4:
        raise ValueError(
            "Argument `images` must be a batch (N, height, width, channels). Received: "
            f"shape={tuple(images.shape)}"
        )
    shape, dtype = getattr(labels, "shape", None), getattr(labels, "dtype", None)
    if shape is None or len(shape) != 2 or not is_floating(dtype):
        raise ValueError(
            "Argument `labels` must be one-hot floats (N, classes): give `num_classes` to "
            f"`augment.pipeline` or `OnDevice.batches`. Received: shape={shape}, "
            f"dtype={getattr(dtype, 'name', dtype)}"
        )


def apply_to_batch(transform, images, labels, seeds):
    """Return the NumPy arrays of a transform of images and labels, as `apply_to_array` does."""
    images = ops.convert_to_tensor(images)
    check_mixing(images, labels)
    labels = ops.convert_to_tensor(labels)
    drawn = draw_tensors(transform, host_draws.as_seed(seeds), tuple(images.shape[1:]))
    pair = transform.apply_on_device(images, labels, *drawn)
    return tuple(ops.convert_to_numpy(values) for values in pair)
