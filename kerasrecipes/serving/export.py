"""Exports a model to another format and compares its predictions in that format's runtime."""

import contextlib
import dataclasses
import importlib.util
import io
import os
import pathlib
import tempfile
import warnings
from typing import Any

import keras
import numpy as np

from kerasrecipes import augment
from kerasrecipes._atomic_write import atomic_write
from kerasrecipes._png import png_bytes
from kerasrecipes._validation import check_choice
from kerasrecipes.serving.runtimes import PACKAGES, has_runtime, run_exported

FILES = {"onnx": "model.onnx", "saved_model": "saved_model", "litert": "model.tflite"}
EXPORTS = tuple(FILES)
JPEG_FOLDER = "saved_model_jpeg"
LARGEST_DIFFERENCE = 1e-3
WRITERS = {
    "onnx": {"tensorflow": ("tf2onnx", "onnx"), "jax": ("jax2onnx",), "torch": ("onnx",)},
    "litert": {"tensorflow": (), "torch": ("litert_torch",)},
    "saved_model": {"tensorflow": ()},
}
INSTALL = "pip install 'kerasrecipes[export]'"


@dataclasses.dataclass(frozen=True)
class Export:
    """The result of `export_model`.

    Attributes:
        files: Tuple of strings, names of the files and folders written; empty if a converter is
            missing.
        difference: Largest difference of an output between the runtime and Keras, divided by the
            largest output where that is above 1; `None` if the runtime is missing.
        message: str, a line that says what was written and compared.
    """

    files: tuple[str, ...]
    difference: float | None
    message: str


def export_model(model: keras.Model, folder: str | os.PathLike[str], kind: str, image: Any) -> Any:
    """Export a model with Keras and compare its predictions on an image in the format's runtime.

    If the converter is not installed, nothing is written; if the runtime is not installed, the file
    is not compared; the message says so. `"saved_model"` also writes the folder
    `saved_model_jpeg`, with an endpoint `serve` that takes a vector of JPEG or PNG bytes.

    Args:
        model: Keras model of raw images with one input and one output.
        folder: Path of the folder for `model.onnx`, `saved_model` or `model.tflite`.
        kind: `"onnx"`, `"saved_model"` or `"litert"`.
        image: Array `(height, width, channels)`, pixels in 0..255, of a size the model takes.

    Returns:
        An `Export`.

    Raises:
        ValueError: If the outputs differ from Keras's by more than 0.001, or Keras cannot
            export this model; no file is kept then.
    """
    check_choice("kind", kind, EXPORTS)
    missing = _missing_converter(kind)
    if missing:
        return Export((), None, f"Not exported to {kind}: {missing}.")
    # A model built from a list with one input would be exported to take a list.
    model = keras.Model(model.inputs[0], model.outputs[0], name=model.name)
    folder, pixels = pathlib.Path(folder), np.asarray(image, "uint8")
    with tempfile.TemporaryDirectory(prefix=".part-", dir=folder) as scratch:
        differences = [_write_and_compare(model, scratch, kind, pixels)]
        if kind == "saved_model":
            differences.append(_write_and_compare_jpeg(model, scratch, pixels))
        names = tuple(sorted(os.listdir(scratch)))
        for name in names:
            with atomic_write(folder / name) as temporary:
                os.replace(os.path.join(scratch, name), temporary)
    written = f"Exported to {' and '.join(names)}"
    if None in differences:
        return Export(names, None, f"{written}, not run: {PACKAGES[kind]} is not installed.")
    largest = max(differences)
    words = f"run by {PACKAGES[kind]} on one image, at most {largest:.1g} from Keras"
    return Export(names, largest, f"{written}, {words}.")


def _missing_converter(kind):
    """Return why this format cannot be written here, or `None`."""
    backend = keras.backend.backend()
    needed = WRITERS[kind].get(backend)
    if needed is None:
        return f"it needs another backend than {backend}; the .keras file loads on any"
    absent = [name for name in needed if importlib.util.find_spec(name) is None]
    return f"{' and '.join(absent)} not installed ({INSTALL})" if absent else None


def _write_and_compare(model, scratch, kind, pixels):
    path = os.path.join(scratch, FILES[kind])
    batch = pixels[None].astype(keras.backend.standardize_dtype(model.inputs[0].dtype))
    expected = model.predict_on_batch(batch)  # first: Keras can export only models that were called
    with _quiet(kind):
        model.export(path, "tf_saved_model" if kind == "saved_model" else kind, verbose=False)
    return _difference(path, kind, batch, expected)


def _write_and_compare_jpeg(model, scratch, pixels):
    path = os.path.join(scratch, JPEG_FOLDER)
    _, height, width, channels = model.inputs[0].shape
    if height is None or height != width:
        transform = augment.DecodeImage(channels)
    else:
        transform = augment.CenterCrop(height, channels=channels)
    with _quiet("saved_model"):
        augment.export_jpeg_classifier(model, path, [transform])
    contents = png_bytes(pixels)
    expected = model.predict_on_batch(np.asarray(transform(contents), "float32")[None])
    return _difference(path, "saved_model", [contents], expected)


def _difference(path, kind, inputs, expected):
    """Return the largest difference from Keras on one batch, `None` without the runtime."""
    if not has_runtime(kind):
        return None
    expected = np.asarray(expected)
    difference = np.max(np.abs(run_exported(path, kind, inputs) - expected))
    difference = float(difference / max(1.0, np.max(np.abs(expected))))  # numbers have any scale
    if not difference <= LARGEST_DIFFERENCE:
        raise ValueError(
            f"{os.path.basename(path)}: its outputs are {difference:.3g} from Keras's, more "
            f"than {LARGEST_DIFFERENCE}: not kept"
        )
    return difference


@contextlib.contextmanager
def _quiet(kind):
    """Suppress the output of converters, and raise their errors as one line."""
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")
        try:
            yield
        except Exception as error:  # converters raise many types
            reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
            raise ValueError(f"This model cannot be exported to {kind}: {reason[:200]}") from error
