"""A saved classifier of images: the model, the names of its classes, and how to ask it."""

import dataclasses
import json
import pathlib
import zipfile

import keras
import numpy as np

from kerasrecipes import augment
from kerasrecipes.layers import ClassNames, TemperatureScaling

PIXELS_AT_ONCE, IMAGES_AT_ONCE = 2**24, 64


def named_model(model, class_names):
    """`model` with `layers.ClassNames` behind it, or itself if it has one."""
    if find_class_names(model):
        return model
    return _followed_by(model, ClassNames(class_names, dtype="float32", name="class_names"))


def calibrated_model(model, temperature):
    """`model` with `layers.TemperatureScaling` behind its probabilities."""
    return _followed_by(model, TemperatureScaling(temperature, dtype="float32", name="temperature"))


def find_class_names(model):
    """The names that a model carries in a `layers.ClassNames`, or `None`."""
    found = [layer for layer in model._flatten_layers() if isinstance(layer, ClassNames)]
    return found[-1].class_names if found else None


def _followed_by(model, layer):
    # One tensor and not a list of one: exported files take what the model was made of.
    return keras.Model(model.inputs[0], layer(model.outputs[0]), name=model.name)


@dataclasses.dataclass(frozen=True)
class Classifier:
    """A model of raw images that knows its classes.

    Attributes:
        model: Keras model from pixels in 0..255 `(batch, height, width, channels)` to
            probabilities `(batch, classes)`.
        class_names: Tuple of strings.
        channels: 1 or 3.
        size: `(height, width)` of the images that the model takes, `None` for any.
    """

    model: keras.Model
    class_names: tuple[str, ...]
    channels: int
    size: tuple[int | None, int | None]

    def fit(self, image):
        """An image as the model takes it: where its size is fixed, resized and cropped.

        As in testing: the short side becomes 256/224 of the model's, the centre is kept.
        """
        height, width = self.size
        if None in self.size or image.shape[:2] == self.size:
            return image
        if height != width:
            raise ValueError(
                f"{self.model.name} takes images of {height}x{width} pixels alone. "
                f"Received: {image.shape[0]}x{image.shape[1]}"
            )
        return np.asarray(augment.CenterCrop(height, channels=self.channels)(image))

    def predict(self, images):
        """Yield the probabilities of each of an iterable of arrays `(height, width, channels)`.

        Images that follow each other with one size go through the model together.
        """
        batch = []
        for image in map(self.fit, images):
            most = min(IMAGES_AT_ONCE, PIXELS_AT_ONCE // (image.shape[0] * image.shape[1]))
            if batch and (image.shape != batch[0].shape or len(batch) >= most):
                yield from self._probabilities(batch)
                batch = []
            batch.append(image)
        if batch:
            yield from self._probabilities(batch)

    def _probabilities(self, batch):
        dtype = keras.backend.standardize_dtype(self.model.inputs[0].dtype)
        return np.asarray(self.model.predict_on_batch(np.stack(batch).astype(dtype)), "float32")


def load_classifier(path):
    """Load the `model.keras` of a recipe, as a file or in the folder of its run.

    No code of the file is run: `safe_mode` stays on.

    Args:
        path: String or path.

    Returns:
        A `Classifier`.

    Raises:
        ValueError: If it is not there, is no Keras file, holds code or layers that are not known
            here, does not map images to classes, or has no class names.
    """
    path = pathlib.Path(path)
    file = path / "model.keras" if path.is_dir() else path
    if path.is_dir() and not file.exists():
        raise ValueError(f"{path}: a folder without model.keras, so not that of a finished run")
    if not file.exists():
        raise ValueError(f"{path}: no such file or folder")
    model = _load(file)
    channels, size = _input_of(file, model)
    names = find_class_names(model)
    if names is None:
        raise ValueError(
            f"{file}: holds no class names, so it was not written by a recipe. Put a "
            "kerasrecipes.layers.ClassNames behind the model and save it again"
        )
    if tuple(model.outputs[0].shape[1:]) != (len(names),) or len(model.outputs) != 1:
        raise ValueError(
            f"{file}: must give one probability for each of {len(names)} classes. "
            f"Received: {[tuple(output.shape) for output in model.outputs]}"
        )
    return Classifier(model, names, channels, size)


def _load(file):
    """The model of a file, every kind of failure told in a line."""
    try:
        with zipfile.ZipFile(file) as archive:
            config = json.loads(archive.read("config.json"))
    except OSError as error:
        raise ValueError(f"{file}: cannot be read ({error.strerror})") from error
    except (zipfile.BadZipFile, KeyError, ValueError) as error:
        raise ValueError(f"{file}: not a .keras model file, or a damaged one") from error
    if _holds_lambda(config):
        raise ValueError(
            f"{file}: holds a Lambda layer, which is Python code of whoever wrote the file: it is "
            "not loaded"
        )
    try:
        model = keras.saving.load_model(file, compile=False, safe_mode=True)
    except Exception as error:  # layers that are not known, weights that do not fit, code, zip
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise ValueError(f"{file}: cannot be loaded ({reason[:200]})") from error
    if not isinstance(model, keras.Model) or not getattr(model, "inputs", None):
        raise ValueError(f"{file}: holds no model with known inputs")
    return model


def _holds_lambda(config):
    """Whether a configuration has a layer of code anywhere in it."""
    if isinstance(config, dict):
        if config.get("class_name") in ("Lambda", "__lambda__"):
            return True
        return any(map(_holds_lambda, config.values()))
    return isinstance(config, list) and any(map(_holds_lambda, config))


def _input_of(file, model):
    """Channels and size of the images that a model takes."""
    shapes = [tuple(tensor.shape) for tensor in model.inputs]
    if len(shapes) != 1 or len(shapes[0]) != 4 or shapes[0][-1] not in (1, 3):
        raise ValueError(
            f"{file}: must take images (batch, height, width, 1 or 3). Received: {shapes}"
        )
    return shapes[0][-1], shapes[0][1:3]
