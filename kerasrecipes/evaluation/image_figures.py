"""Figures of training images and of wrong predictions."""

from typing import Any

import numpy as np

from kerasrecipes import augment
from kerasrecipes.evaluation.figures import image_grid, shorten
from kerasrecipes.evaluation.metrics import confident_mistakes
from kerasrecipes.evaluation.pick import pick

SHOWN = 32


def samples_figure(images: Any, train: Any, seed: int | None, caption: Any = None) -> Any:
    """Return a figure of the first training images after augmentation, before normalisation.

    Args:
        images: A `data.ImageData`.
        train: List of the training transforms.
        seed: int, the seed of the run.
        caption: function of the class names and a label that returns the label in words;
            `None` (default) is that of classes.
    """
    caption = caption or (lambda class_names, label: class_names[int(label)])
    batches = augment.pipeline(images.train, train, SHOWN, training=True, seed=seed)
    pixels, labels = next(iter(batches))
    captions = [shorten(caption(images.class_names, label), 16) for label in labels.numpy()]
    return image_grid(pixels, captions, "Training images after augmentation")


def mistakes_figure(images: Any, result: Any, crop: Any) -> Any:
    """Return a figure of the most confident wrong predictions, with predicted and true class.

    Args:
        images: A `data.ImageData`; its test set was tested, or its validation set if it has no test
            set.
        result: A `TestResult`.
        crop: Transform of the images to be shown.
    """
    worst = confident_mistakes(result.probabilities, result.labels, SHOWN)
    indices = sorted(int(index) for index in worst)
    pixels = dict(zip(indices, pick(images.test or images.validation, indices, crop)))
    captions = [_caption(images.class_names, result, index) for index in worst]
    wrong = int(np.sum(result.probabilities.argmax(axis=1) != result.labels))
    title = f"The most confident of {wrong} mistakes in {len(result.labels)} test images"
    return image_grid([pixels[int(i)] for i in worst], captions, title)


def _caption(class_names, result, index):
    predicted = result.probabilities[index].argmax()
    name, true = (shorten(class_names[i], 16) for i in (predicted, result.labels[index]))
    return f"{name} {result.probabilities[index, predicted]:.0%}\nis {true}"
