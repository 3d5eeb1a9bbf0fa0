"""Convex combinations of pairs of images and labels."""

from typing import Any

import keras

from kerasrecipes._backend.requirement import has_tensorflow
from kerasrecipes._backend.tensorflow_module import tf
from kerasrecipes._validation import check_number
from kerasrecipes.augment import device_pixels, draws, functional, host_draws
from kerasrecipes.augment.array_transform import apply_to_batch, check_mixing
from kerasrecipes.augment.draws import as_seed
from kerasrecipes.augment.transform import Transform


@keras.saving.register_keras_serializable(package="kerasrecipes")
class MixUp(Transform):
    """Mixes each image, and its label, with the one before in the batch.

    `weight · image + (1 - weight) · other`, weight ~ Beta(alpha, alpha), a draw for each image.

    Args:
        alpha: float >= 0, default 0.2; the larger, the stronger. 0 mixes nothing.

    Call arguments:
        images: (N, H, W, C).
        labels: (N, classes), floats, one-hot; `pipeline(..., num_classes=k)` makes them so.
        seeds: (N, 2) integers.

    Returns:
        images of the same dtype, labels of the same shape.

    Raises:
        ValueError, TypeError: if an argument is out of its range or of the wrong type.

    Example:

    >>> import numpy as np
    >>> from kerasrecipes import augment
    >>> images, labels = np.zeros((4, 8, 8, 3), "float32"), np.eye(4, dtype="float32")
    >>> seeds = np.arange(8).reshape(4, 2)
    >>> _, mixed = augment.MixUp(0.4)(images, labels, seeds)
    >>> mixed.numpy().sum(axis=1).round(3)
    array([1., 1., 1., 1.], dtype=float32)

    Reference: Zhang, Cisse, Dauphin & Lopez-Paz (2017), https://arxiv.org/abs/1710.09412. The
    authors' code draws one weight per batch and a permutation; a batch of the pipeline is shuffled.
    """

    takes_labels = True
    has_device_form = True

    def __init__(self, alpha: float = 0.2) -> None:
        check_number("alpha", alpha, "[0, inf)")
        self.alpha = alpha

    def __call__(self, images: Any, labels: Any, seeds: Any) -> Any:
        """Return mixed (images, labels) of a batch."""
        if not has_tensorflow():
            return apply_to_batch(self, images, labels, seeds)
        images, labels, seeds = checked_batch(images, labels, seeds)
        if self.alpha == 0:
            return images, labels
        return functional.mix_up(images, labels, draws.beta(seeds, self.alpha))

    def draw_on_host(self, seeds: Any, shape: Any) -> Any:
        return [host_draws.beta(seeds, self.alpha)] if self.alpha else []

    def apply_on_device(self, images: Any, labels: Any, *drawn: Any) -> Any:
        return device_pixels.mix_up(images, labels, *drawn) if drawn else (images, labels)


def checked_batch(images, labels, seeds):
    """Return the three as tensors, or raise if they are not a batch with one-hot labels."""
    images, labels = tf.convert_to_tensor(images), tf.convert_to_tensor(labels)
    check_mixing(images, labels)
    return images, labels, as_seed(seeds)
