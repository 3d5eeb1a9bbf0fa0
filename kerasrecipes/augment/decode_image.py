"""Decoding as a transform of its own."""

from typing import Any

import keras

from kerasrecipes._backend.tensorflow_module import tf
from kerasrecipes._validation import check_choice
from kerasrecipes.augment import decode
from kerasrecipes.augment.transform import Transform


@keras.saving.register_keras_serializable(package="kerasrecipes")
class DecodeImage(Transform):
    """Decodes JPEG, PNG, BMP, GIF (first frame) or WebP bytes to uint8 pixels (H, W, channels).

    The pipeline puts it first by itself where no other transform takes the bytes.

    Args:
        channels: int, 1 or 3 (default). Grey images are repeated, colour turned grey, alpha
            dropped.

    Raises:
        ValueError, TypeError: if an argument is out of its range or of the wrong type.

    Example:

    >>> import tensorflow as tf
    >>> from kerasrecipes import augment
    >>> data = tf.io.encode_png(tf.zeros((4, 5, 1), "uint8"))
    >>> augment.DecodeImage()(data).shape
    TensorShape([4, 5, 3])
    """

    takes_bytes = True
    batched = False

    def __init__(self, channels: int = 3) -> None:
        check_choice("channels", channels, (1, 3))
        self.channels = channels

    def __call__(self, image: Any, seed: Any = 0) -> Any:
        """Return the pixels; the seed is not used."""
        return decode.decode(tf.convert_to_tensor(image), self.channels)
