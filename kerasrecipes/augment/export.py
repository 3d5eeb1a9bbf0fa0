"""A trained model with its test transforms in front, as a SavedModel that takes encoded images."""

import os
from collections.abc import Sequence
from typing import Any

import keras

from kerasrecipes._backend.tensorflow_module import tf
from kerasrecipes.augment.stages import with_decoder


def export_jpeg_classifier(
    model: keras.Model, filepath: str | os.PathLike[str], transforms: Sequence[Any]
) -> None:
    """Write a SavedModel that takes JPEG or PNG bytes and returns what `model` returns.

    The endpoint `serve` takes a vector of strings (N,). It applies the transforms as
    `augment.pipeline` does in evaluation, and gives the same numbers. Predictions of several
    crops of an image (`TenCrop`) are averaged.

    Args:
        model: Keras model of images, built, on the TensorFlow backend.
        filepath: folder to write to.
        transforms: the transforms of evaluation, in order; encoded images are decoded to RGB if
            the first does not take bytes. If none fixes the size, the model sees one image at a
            time.

    Raises:
        RuntimeError: another backend than TensorFlow.

    Example:

    >>> import tempfile, keras, tensorflow as tf
    >>> from kerasrecipes import augment
    >>> layers = [keras.Input((8, 8, 3)), keras.layers.GlobalAveragePooling2D()]
    >>> model = keras.Sequential([*layers, keras.layers.Softmax()])
    >>> folder = tempfile.mkdtemp()
    >>> if keras.backend.backend() == "tensorflow":
    ...     augment.export_jpeg_classifier(model, folder, [augment.CenterCrop(8)])
    """
    if keras.backend.backend() != "tensorflow":
        raise RuntimeError(
            "`export_jpeg_classifier` needs Keras on the TensorFlow backend (the `.keras` file "
            f"loads there, whatever wrote it). Received: {keras.backend.backend()}"
        )
    transforms = with_decoder(transforms)
    together = any(getattr(transform, "fixes_size", False) for transform in transforms)

    def prepared(data):
        image = data
        for transform in transforms:
            image = _on_crops(transform, image)
        return tf.cast(image, tf.float32)

    def alone(data):
        image = prepared(data)
        return _predict(model, image[None])[0]

    def serve(images):
        if not together:
            channels = model.inputs[0].shape[-1] if model.inputs else 3
            outputs = model.compute_output_spec(keras.KerasTensor((1, None, None, channels)))
            return tf.map_fn(alone, images, fn_output_signature=tf.as_dtype(outputs.dtype))
        return _predict(model, tf.map_fn(prepared, images, fn_output_signature=tf.float32))

    archive = keras.export.ExportArchive()
    archive.track(model)
    archive.add_endpoint("serve", serve, input_signature=[tf.TensorSpec([None], tf.string)])
    archive.write_out(str(filepath), verbose=False)


def _on_crops(transform, image):
    if image.dtype == tf.string or image.shape.rank == 3:
        return transform(image, 0)
    return transform(image, tf.zeros([tf.shape(image)[0], 2], tf.int64))


def _predict(model, images):
    if images.shape.rank == 4:
        return model(images, training=False)
    crops = images.shape[1]
    outputs = model(tf.reshape(images, [-1, *images.shape[2:]]), training=False)
    return tf.reduce_mean(tf.reshape(outputs, [-1, crops, *outputs.shape[1:]]), axis=1)
