"""Saves a model of one's own so that `load_classifier` and `recipes/predict.py` take it."""

import os
import pathlib
from collections.abc import Sequence
from typing import Any

import keras
import numpy as np

from kerasrecipes import augment
from kerasrecipes._atomic_write import atomic_write
from kerasrecipes._validation import check_choice
from kerasrecipes.layers import ImagePreprocessing
from kerasrecipes.layers.class_names import TASKS
from kerasrecipes.serving.named_model import find_names_layer, named_model
from kerasrecipes.serving.serving_model import serving_model


def save(
    model: keras.Model,
    preprocessing: Any,
    class_names: Sequence[str],
    path: str | os.PathLike[str],
    task: str = "classes",
    thresholds: Sequence[float] | None = None,
) -> keras.Model:
    """Save a trained model as one `.keras` file that takes raw pixels and names its outputs.

    The file is written atomically. `load_classifier(path)` and
    `python recipes/predict.py PATH PHOTO` read it, and Keras loads it after `import kerasrecipes`.
    The optimizer is not saved.

    Args:
        model: Keras model from a batch of images `(batch, height, width, 1 or 3)` to
            probabilities `(batch, classes)`, or numbers `(batch, targets)`.
        preprocessing: what the model was tested with: the list of transforms that `pipeline` had
            for testing, `[CenterCrop]` or `[CenterCrop, Normalize]`; or a Keras layer from raw
            pixels `(batch, height, width, channels)` to the model's input, such as
            `layers.ImagePreprocessing`; or `None` if the model takes raw pixels itself. Images of
            another size than its input are then scaled and cropped as `Classifier.preprocess` does.
        class_names: sequence of str, one an output in the order of the labels, such as
            `images.class_names`.
        path: path of the file, which ends with `.keras`.
        task: what the outputs are: `"classes"` (default), probabilities that sum to 1;
            `"multilabel"`, a probability for each label; `"regression"`, numbers.
        thresholds: sequence of floats in [0, 1], one a label, from which probability on a label is
            predicted, for `task="multilabel"`, such as those of `evaluation.best_thresholds` on
            validation images; `None` (default) is 0.5 for each.

    Returns:
        The model that was saved, for `export_model`.

    Raises:
        TypeError: if `preprocessing` is none of these.
        ValueError: if the model has not one input of images and one output of `task` for each of
            `class_names`, if it has other names already, if `thresholds` are not one a label, or
            `path` does not end with `.keras`.
        OSError: if the file cannot be written.

    Example:

    >>> import os, tempfile
    >>> import keras, numpy as np
    >>> from kerasrecipes import augment, serving
    >>> model = keras.Sequential([
    ...     keras.Input((8, 8, 3)), keras.layers.Flatten(), keras.layers.Dense(2, "softmax")])
    >>> path = os.path.join(tempfile.mkdtemp(), "mine.keras")
    >>> served = serving.save(model, [augment.CenterCrop(8)], ("cat", "dog"), path)
    >>> classifier = serving.load_classifier(path)
    >>> classifier.class_names, next(classifier.predict([np.zeros((50, 40, 3), "uint8")])).shape
    (('cat', 'dog'), (2,))
    """
    path = pathlib.Path(path)
    if path.suffix != ".keras":
        raise ValueError(f"Argument `path` must end with .keras. Received: path={path}")
    channels = _channels(model)
    served = model
    if preprocessing is not None:
        served = serving_model(model, _layer(preprocessing), channels)
    check_choice("task", task, TASKS)
    _check_outputs(model, class_names, task)
    thresholds = None if thresholds is None else np.asarray(thresholds, "float64").tolist()
    _check_names(find_names_layer(served), class_names, task, thresholds)
    served = named_model(served, class_names, task, thresholds)
    with atomic_write(path) as temporary:
        served.save(temporary, include_optimizer=False)
    return served


def _channels(model):
    inputs = (getattr(model, "inputs", None) or ()) if model.built else ()
    shapes = [tuple(tensor.shape) for tensor in inputs]
    if len(shapes) != 1 or len(shapes[0]) != 4:
        raise ValueError(
            "Argument `model` must be built, with one input (batch, height, width, channels). "
            f"Received: a model of inputs {shapes}"
        )
    channels = shapes[0][-1]
    if channels not in (1, 3):
        raise ValueError(
            f"Argument `model` must take images of 1 or 3 channels. Received: {channels}"
        )
    return channels


def _layer(preprocessing):
    """Return a layer from raw pixels to the input of the model."""
    if isinstance(preprocessing, keras.layers.Layer):
        return preprocessing
    transforms = preprocessing if isinstance(preprocessing, (list, tuple)) else [preprocessing]
    crop, *rest = transforms or [None]
    normalize = rest[0] if rest else None
    if (
        not isinstance(crop, augment.CenterCrop)
        or len(rest) > 1
        or not isinstance(normalize, (augment.Normalize, type(None)))
    ):
        raise TypeError(
            "Argument `preprocessing` must be a Keras layer, a list [CenterCrop] or "
            f"[CenterCrop, Normalize], or None. Received: preprocessing={preprocessing!r}"
        )
    statistics = {} if normalize is None else {"mean": normalize.mean, "std": normalize.std}
    return ImagePreprocessing(crop.size, crop.resize, dtype="float32", **statistics)


def _check_names(layer, class_names, task, thresholds):
    """Raise if the model has other names, another task or other thresholds already."""
    if layer is None:
        return
    thresholds = None if thresholds is None else tuple(thresholds)
    given = {"class_names": tuple(class_names), "task": task, "thresholds": thresholds}
    for name, value in given.items():
        if value != getattr(layer, name):
            raise ValueError(
                f"Argument `{name}` must be what the model has already, {getattr(layer, name)}. "
                f"Received: {name}={value}"
            )


def _check_outputs(model, class_names, task):
    """Raise unless the model's outputs for a grey image are of the task, one for each name."""
    shape = tuple(model.outputs[0].shape)
    if len(model.outputs) != 1 or shape[1:] != (len(class_names),):
        raise ValueError(
            f"Argument `model` must return one value for each of {len(class_names)} class names. "
            f"Received: a model of outputs {[tuple(t.shape) for t in model.outputs]}"
        )
    sides = [side or 32 for side in model.inputs[0].shape[1:3]]
    image = np.full((1, *sides, model.inputs[0].shape[-1]), 100, "float32")
    outputs = keras.ops.convert_to_numpy(model(image, training=False)).astype("float64")
    if not np.isfinite(outputs).all():
        kind = "numbers" if task == "regression" else "probabilities"
        raise ValueError(f"Argument `model` must return {kind}. Received: NaN or infinity")
    if task == "classes" and (outputs.min() < 0 or abs(outputs.sum() - 1) > 0.02):
        raise ValueError(
            "Argument `model` must return probabilities, such as those of a last activation "
            f"'softmax'. Received: outputs that sum to {outputs.sum():.3g}; independent labels "
            "need task='multilabel', numbers task='regression'"
        )
    if task == "multilabel" and (outputs.min() < 0 or outputs.max() > 1):
        raise ValueError(
            "Argument `model` must return probabilities, such as those of a last activation "
            f"'sigmoid'. Received: outputs from {outputs.min():.3g} to {outputs.max():.3g}"
        )
