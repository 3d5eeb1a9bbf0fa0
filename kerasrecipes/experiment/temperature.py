"""Calibration of a trained classifier by one scalar, on the images that suit it best."""

from typing import Any

import keras
import numpy as np

from kerasrecipes import augment
from kerasrecipes.inference import fit_temperature, multi_crop_predict
from kerasrecipes.serving import calibrated_model

FEWEST_PREDICTIONS = 50
TRAINING_CROPS = 3000


def calibrated(model: keras.Model, images: Any, crops: Any, finish: Any, config: Any) -> Any:
    """Return the model with a temperature for its probabilities, and sentences that it prints.

    The temperature is fitted to the validation images. Without any, and after training with label
    smoothing, it is fitted to random crops of training images: it undoes the smoothing, and leaves
    the network as confident as its accuracy on training images is high, which overfitting makes
    too high. Otherwise the model is returned unchanged.

    Args:
        model: Keras model from network input to probabilities of classes.
        images: The `data.ImageData`.
        crops: The `Crops` of training and of tests.
        finish: List of the transforms that follow a crop.
        config: Config of the run, with `temperature`, `batch_size`, `seed`, `label_smoothing`.

    Returns:
        The model and a list of sentences; of several labels or numbers, the model and `[]`.
    """
    if not config.temperature or images.task != "classes":
        return model, []
    if images.validation is not None:
        one_crop = next(iter(crops.tests.values()))
        batches = augment.pipeline(
            images.validation, [one_crop, *finish], config.batch_size, training=False
        )
        model, sentence = with_temperature(model, batches)
    elif config.label_smoothing:
        batches = _training_crops(images, crops, finish, config)
        model, sentence = with_temperature(model, batches, "training")
        sentence += _what_it_does(model)
    else:
        sentence = "No temperature scaling: there are no validation images to fit it to."
    print(sentence)
    return model, [sentence]


def _what_it_does(model):
    """Return what a temperature does that is fitted to training images, "" without any."""
    temperatures = [one.temperature for one in model.layers if one.name == "temperature"]
    if not temperatures:
        return ""
    if temperatures[0] < 1:  # smoothing makes the probabilities of the right classes too low
        return " Without validation images it undoes the label smoothing alone."
    return (
        " There are no validation images: the network is overconfident even on training images, "
        "as after too short a training."
    )


def _training_crops(images, crops, finish, config):
    """Batches of crops that training has not drawn."""
    steps = -(-len(images.train) // config.batch_size)
    batches = augment.pipeline(
        images.train,
        [*crops.train, *finish],
        config.batch_size,
        training=True,
        seed=config.seed,
        start_step=config.epochs * steps,
        weighted=False,
    )
    return batches.take(min(steps, -(-TRAINING_CROPS // config.batch_size)))


def with_temperature(model: keras.Model, known: Any, source: str = "validation") -> Any:
    """Return the model calibrated by temperature scaling, and a sentence about it.

    With fewer than 50 predictions the model is returned unchanged: a temperature fitted to so few
    can make the calibration worse.

    Args:
        model: Keras model from images to probabilities.
        known: Data that the model was not trained on: a finite dataset of (images, labels), or
            the `transfer.ProbeResult` with the model's classifier as `best`, for its
            cross-validation predictions.
        source: str, what the data are, for the sentence. Defaults to "validation".
    """
    if hasattr(known, "best"):
        predicted = ~np.isnan(known.best.left_out[:, 0])
        probabilities = np.exp(known.best.left_out[predicted])
        labels = known.labels[predicted]
        source = "cross-validation"
    else:
        probabilities, labels = multi_crop_predict(model, known, return_labels=True)
    if len(labels) < FEWEST_PREDICTIONS:
        return model, (
            f"No temperature scaling: {len(labels)} {source} predictions are too few "
            f"({FEWEST_PREDICTIONS} are needed)."
        )
    if not np.isfinite(probabilities).all():
        return model, "No temperature scaling: the predictions are not finite."
    temperature = fit_temperature(probabilities, labels)
    sentence = f"Temperature {temperature:.3f}, fitted to {len(labels):,} {source} predictions."
    return calibrated_model(model, temperature), sentence
