"""Exports, run by their own runtimes where these are installed."""

import importlib.util

import keras
import numpy as np
import pytest
import tensorflow as tf

from kerasrecipes import layers, serving
from kerasrecipes.evaluation.multilabel_task import MultilabelTask
from kerasrecipes.evaluation.regression_task import RegressionTask
from kerasrecipes.serving import export
from kerasrecipes.serving.runtimes import run_exported
from tests.data.drawn_images import draw, encoded
from tests.recipes.helpers import PHOTOS
from tests.serving.color_classifier import NAMES, color_model, color_shares

CONVERTERS = {"onnx": "tf2onnx", "litert": "tensorflow", "saved_model": "tensorflow"}


def image_of(height=20, width=31, channels=3):
    return np.random.default_rng(0).integers(0, 256, (height, width, channels), "uint8")


def network(fixed, channels=3):
    """A model with preprocessing, a convolution, normalisation and names; or a fixed size."""
    keras.utils.set_random_seed(0)
    inputs = keras.Input((12, 12, channels))
    x = keras.layers.Conv2D(4, 3, activation="relu")(inputs)
    x = keras.layers.GlobalMaxPooling2D()(keras.layers.BatchNormalization()(x))
    model = keras.Model(inputs, keras.layers.Dense(3, "softmax")(x), name="net")
    if not fixed:
        pixels = layers.ImagePreprocessing(12, mean=120.0, std=60.0)
        model = serving.serving_model(model, pixels, channels)
    model = serving.named_model(serving.calibrated_model(model, 1.5), NAMES)
    return keras.Model(model.inputs, model.outputs[0])  # of a list of one


@pytest.mark.parametrize("kind", serving.EXPORTS)
@pytest.mark.parametrize("fixed, channels", [(False, 3), (True, 3), (False, 1)])
@pytest.mark.slow
def test_the_runtime_gives_the_numbers_of_keras(tmp_path, kind, fixed, channels):
    for package in (CONVERTERS[kind], export.PACKAGES[kind]):
        if importlib.util.find_spec(package) is None:
            pytest.skip(f"{package} is not installed")
    model = network(fixed, channels)
    image = image_of(12, 12, channels) if fixed else image_of(channels=channels)
    for _ in range(2):  # a second export replaces the first
        outcome = serving.export_model(model, tmp_path, kind, image)
    names = {"onnx": {"model.onnx"}, "litert": {"model.tflite"}}
    expected = names.get(kind, {"saved_model", "saved_model_jpeg"})
    assert set(outcome.files) == expected == {path.name for path in tmp_path.iterdir()}
    assert outcome.difference < 1e-5 and "on one image" in outcome.message


@pytest.mark.parametrize("kind", serving.EXPORTS)
@pytest.mark.parametrize(
    "task, make",
    [
        ("multilabel", lambda: MultilabelTask((0.3, 0.5, 0.7))),
        ("regression", lambda: RegressionTask((900.0, -3.0, 0.0), (250.0, 0.5, 1.0))),
    ],
)
@pytest.mark.slow
def test_labels_and_numbers_as_predicted_by_the_classifier(tmp_path, kind, task, make):
    """The exported model takes photos of any size, one by one; so does `Classifier.predict`."""
    for package in (CONVERTERS[kind], export.PACKAGES[kind]):
        if importlib.util.find_spec(package) is None:
            pytest.skip(f"{package} is not installed")
    task_of_model = make()
    model = task_of_model.head(backbone(task_of_model.activation))
    pixels = layers.ImagePreprocessing(32, mean=120.0, std=60.0)
    served = serving.serving_model(model, pixels, 3)
    path = tmp_path / "mine.keras"
    serving.save(served, None, NAMES, path, task, task_of_model.thresholds)
    classifier = serving.load_classifier(path)
    images = photos()
    outcome = serving.export_model(classifier.model, tmp_path, kind, images[0])
    expected = np.array(list(classifier.predict(images)))
    batches = [image[None].astype("float32") for image in images]
    got = [run_exported(tmp_path / export.FILES[kind], kind, batch)[0] for batch in batches]
    scale = np.maximum(1, np.abs(expected).max(axis=0))
    np.testing.assert_allclose(got / scale, expected / scale, atol=1e-5)
    assert outcome.difference < 1e-5
    assert np.ptp(expected, axis=0).min() > 1e-3  # the photos are told apart


def backbone(activation):
    """A network whose outputs differ between photos."""
    keras.utils.set_random_seed(0)
    inputs = keras.Input((32, 32, 3))
    x = keras.layers.Conv2D(8, 3, strides=2, activation="relu")(inputs)
    x = keras.layers.Flatten()(x)
    return keras.Model(inputs, keras.layers.Dense(3, activation)(x), name="net")


def photos():
    """Real photos of several sizes, drawn images where these are absent."""
    files = sorted(PHOTOS.glob("*.jpg"))[:4]
    if files:
        return [serving.read_image(file, 3) for file in files]
    return [np.asarray(draw(seed, (40 + seed, 53))) for seed in range(4)]


@pytest.mark.slow
def test_the_saved_model_takes_pixels_and_the_other_one_bytes(tmp_path):
    serving.export_model(color_model(), tmp_path, "saved_model", image_of())
    pixels = tf.saved_model.load(str(tmp_path / "saved_model"))
    bytes_ = tf.saved_model.load(str(tmp_path / "saved_model_jpeg"))
    photos = [draw(3), draw(5, (25, 60))]
    contents = [encoded(photo, "PNG") for photo in photos]
    served = bytes_.serve(tf.constant(contents)).numpy()
    for photo, row in zip(photos, served):
        array = np.asarray(photo)
        np.testing.assert_allclose(row, color_shares(array), atol=1e-5)
        np.testing.assert_allclose(
            pixels.serve(array[None].astype("float32"))[0], color_shares(array), atol=1e-5
        )


def test_without_a_converter_nothing_is_written(tmp_path, monkeypatch):
    find = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name: None if name == "tf2onnx" else find(name)
    )
    outcome = serving.export_model(color_model(), tmp_path, "onnx", image_of())
    assert outcome.files == () and outcome.difference is None
    assert "tf2onnx" in outcome.message and "kerasrecipes[export]" in outcome.message
    assert not list(tmp_path.iterdir())


def test_without_a_runtime_the_file_is_written_and_not_run(tmp_path, monkeypatch):
    monkeypatch.setattr(export, "has_runtime", lambda kind: False)
    outcome = serving.export_model(color_model(), tmp_path, "litert", image_of())
    assert outcome.files == ("model.tflite",) and outcome.difference is None
    assert "not run: ai_edge_litert is not installed" in outcome.message


def test_a_file_that_gives_other_numbers_is_not_kept(tmp_path, monkeypatch):
    monkeypatch.setattr(export, "has_runtime", lambda kind: True)
    monkeypatch.setattr(export, "run_exported", lambda *_: np.array([[0.1, 0.2, 0.7]]))
    with pytest.raises(ValueError, match="saved_model: its outputs.*not kept"):
        serving.export_model(color_model(), tmp_path, "saved_model", image_of())
    assert not list(tmp_path.iterdir())


def test_a_model_that_keras_cannot_write_is_told_in_a_line(tmp_path, monkeypatch):
    def fail(*_, **__):
        raise RuntimeError("operator\nnot supported")

    monkeypatch.setattr(keras.Model, "export", fail)
    with pytest.raises(ValueError, match="exported to litert: operator$"):
        serving.export_model(color_model(), tmp_path, "litert", image_of())
    assert not list(tmp_path.iterdir())


def test_formats_are_named():
    with pytest.raises(ValueError, match="`kind` must be one of 'onnx'"):
        serving.export_model(color_model(), ".", "hdf5", image_of())
