"""Where the network sees what it mistakes an image for."""

from typing import Any

import numpy as np

from kerasrecipes import augment
from kerasrecipes.evaluation import explanation_figure
from kerasrecipes.evaluation.pick import pick_in_order
from kerasrecipes.serving.grad_cam import explainer

SHOWN = 8


def explanations(model: Any, images: Any, result: Any, crop: Any) -> Any:
    """Return a figure of the most confident mistakes, each beside itself under its Grad-CAM.

    Args:
        model: Keras model of pixels, which prepares them by `crop`.
        images: The `data.ImageData`; its test set was tested, or its validation set.
        result: `TestResult` of classes or of several labels.
        crop: Transform of the images to be shown.

    Returns:
        A `matplotlib.figure.Figure`; `None` for numbers, without a mistake, or for a model without
        a feature map.
    """
    task = result.task
    worst = [] if task.name == "regression" else [int(i) for i in task.worst(result, SHOWN)]
    explain = _explainer(model) if worst else None
    if explain is None:
        return None
    decode = augment.DecodeImage(images.channels) if images.encoded else np.asarray
    pixels = pick_in_order(images.test or images.validation, worst, decode)
    mistakes = [task.mistake(images.class_names, result, index) for index in worst]
    heats = [explain(image, label).heat for image, (label, _, _) in zip(pixels, mistakes)]
    return explanation_figure(
        [np.asarray(crop(image)) for image in pixels],
        heats,
        titles=[f"is {true}" for _, _, true in mistakes],
        names=[answer for _, answer, _ in mistakes],
    )


def _explainer(model):
    try:
        return explainer(model)
    except ValueError:  # no feature map
        return None
