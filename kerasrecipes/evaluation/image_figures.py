"""Figures of training images and of wrong predictions."""

from typing import Any

import keras
import numpy as np
from PIL import Image

from kerasrecipes import augment
from kerasrecipes.evaluation.figures import image_grid, shorten
from kerasrecipes.evaluation.metrics import confident_mistakes, predicted_classes
from kerasrecipes.evaluation.pick import evenly_spaced, pick, pick_in_order

SHOWN = 32
NOT_RANDOM = (augment.CenterCrop, augment.DecodeImage, augment.Normalize)
RIGHT_SHOWN = 16


def samples_figure(images: Any, train: Any, seed: int, caption: Any = None) -> Any:
    """Return a figure of training images as the transforms leave them, before normalisation.

    Args:
        images: A `data.ImageData`.
        train: List of the training transforms.
        seed: int, the seed of the run.
        caption: function of the class names and a label that returns the label in words;
            `None` (default) is that of classes.

    Returns:
        Matplotlib figure.

    Example:

    >>> from kerasrecipes import augment, data, evaluation
    >>> images = data.load("fashion_mnist_sample")
    >>> figure = evaluation.samples_figure(images, [augment.RandomFlip()], seed=0)
    >>> figure.axes[0].get_title() in images.class_names
    True
    """
    caption = caption or (lambda class_names, label: class_names[int(label)])
    batches = augment.pipeline(images.train, train, SHOWN, training=True, seed=seed)
    pixels, labels = map(keras.ops.convert_to_numpy, next(iter(batches))[:2])
    captions = [shorten(caption(images.class_names, label), 16) for label in labels]
    return image_grid(pixels, captions, samples_title(train))


def samples_title(train: Any) -> str:
    """Return what a figure of training images shows.

    Args:
        train: List of the training transforms.

    Example:

    >>> from kerasrecipes import augment, evaluation
    >>> evaluation.samples_title([augment.CenterCrop(224)])
    'Training images without augmentation'
    >>> evaluation.samples_title([augment.CenterCrop(224), augment.RandomFlip()])
    'Training images after augmentation'
    """
    is_random = any(not isinstance(transform, NOT_RANDOM) for transform in train)
    return f"Training images {'after' if is_random else 'without'} augmentation"


def mistakes_figure(images: Any, result: Any, crop: Any) -> Any:
    """Return a figure of the most confident wrong predictions, with predicted and true class.

    Args:
        images: A `data.ImageData`; its test set was tested, or its validation set if it has no test
            set.
        result: A `TestResult`.
        crop: Transform of the images to be shown.

    Returns:
        Matplotlib figure.

    Example:

    >>> import numpy as np
    >>> from kerasrecipes import augment, data, evaluation
    >>> images = data.load("fashion_mnist_sample")
    >>> labels = images.test.labels
    >>> result = evaluation.TestResult("one_crop", 1, np.eye(10)[(labels + 1) % 10], labels, 1.0)
    >>> figure = evaluation.mistakes_figure(images, result, augment.CenterCrop(28, 28))
    >>> len(figure.axes)
    32
    """
    worst = confident_mistakes(result.probabilities, result.labels, SHOWN)
    pixels = pick_in_order(images.test or images.validation, worst, crop)
    mistakes = [result.task.mistake(images.class_names, result, index) for index in worst]
    captions = [f"{answer}\nis {true}" for _, answer, true in mistakes]
    wrong = int(np.sum(predicted_classes(result.probabilities) != result.labels))
    title = f"{_how_many(wrong)} in {len(result.labels)} test images"
    return image_grid(pixels, captions, title)


def right_figure(images: Any, result: Any, crop: Any) -> Any:
    """Return a figure of right predictions, evenly spaced over the test images.

    Args:
        images: A `data.ImageData`; its test set was tested, or its validation set if it has no test
            set.
        result: A `TestResult`.
        crop: Transform of the images to be shown.

    Returns:
        Matplotlib figure.

    Example:

    >>> import numpy as np
    >>> from kerasrecipes import augment, data, evaluation
    >>> images = data.load("fashion_mnist_sample")
    >>> labels = images.test.labels
    >>> result = evaluation.TestResult("one_crop", 1, np.eye(10)[labels], labels, 1.0)
    >>> figure = evaluation.right_figure(images, result, augment.CenterCrop(28, 28))
    >>> len(figure.axes)
    16
    """
    right = np.flatnonzero(predicted_classes(result.probabilities) == result.labels)
    shown = right[evenly_spaced(len(right), RIGHT_SHOWN)] if len(right) else right
    pixels = list(pick(images.test or images.validation, shown, crop))
    captions = [
        f"{shorten(images.class_names[result.labels[i]], 16)} {result.probabilities[i].max():.0%}"
        for i in shown
    ]
    title = f"{len(shown)} of {len(right)} right predictions in {len(result.labels)} test images"
    return image_grid(pixels, captions, title)


def thumbnail(pixels: Any, side: int) -> Any:
    """Return an image shrunk so that its longer side is at most `side` pixels, antialiased.

    Args:
        pixels: Array `(height, width, 1 or 3)` in 0..255.
        side: int >= 1.

    Example:

    >>> import numpy as np
    >>> from kerasrecipes.evaluation import thumbnail
    >>> thumbnail(np.zeros((400, 200, 3), "uint8"), 100).shape
    (100, 50, 3)
    """
    pixels = np.asarray(pixels)
    if max(pixels.shape[:2]) <= side:
        return pixels
    grey = pixels.shape[-1] == 1
    image = Image.fromarray(np.asarray(pixels[..., 0] if grey else pixels, "uint8"))
    image.thumbnail((side, side), Image.Resampling.LANCZOS)
    return np.asarray(image).reshape(*np.asarray(image).shape[:2], pixels.shape[-1])


def _how_many(wrong):
    if wrong > SHOWN:
        return f"The {SHOWN} most confident of {wrong} mistakes"
    return {0: "No mistake", 1: "The only mistake"}.get(wrong, f"All {wrong} mistakes")
