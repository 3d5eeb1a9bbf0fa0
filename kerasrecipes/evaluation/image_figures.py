"""The pictures that need the images of a run: samples and mistakes."""

from typing import Any

import numpy as np

from kerasrecipes import augment
from kerasrecipes.evaluation.figures import image_grid, shorten
from kerasrecipes.evaluation.metrics import confident_mistakes
from kerasrecipes.evaluation.pick import pick

SHOWN = 32


def samples_figure(images: Any, train: Any, seed: int | None) -> Any:
    """The first training images of a run as they enter the network, before normalisation.

    Args:
        images: A `data.ImageData`.
        train: List of transforms.
        seed: Integer, the seed of the run.
    """
    batches = augment.pipeline(images.train, train, SHOWN, training=True, seed=seed)
    pixels, labels = next(iter(batches))
    captions = [shorten(images.class_names[int(label)], 16) for label in labels]
    return image_grid(pixels, captions, "What the network is trained on")


def mistakes_figure(images: Any, result: Any, crop: Any) -> Any:
    """The most confident mistakes of a `TestResult`, with both names.

    Args:
        images: A `data.ImageData`, tested on its test set, or on its validation set without one.
        result: A `TestResult`.
        crop: Transform that makes an image ready to be shown.
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
    said, true = (shorten(class_names[i], 16) for i in (predicted, result.labels[index]))
    return f"{said} {result.probabilities[index, predicted]:.0%}\nis {true}"
