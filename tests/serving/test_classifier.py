"""A saved classifier: what it says, and the files that are refused in one line."""

import json
import zipfile

import keras
import numpy as np
import pytest

from kerasrecipes import layers, serving
from kerasrecipes.serving.named_model import find_names_layer
from tests.serving.color_classifier import NAMES, color_model, color_shares, saved_color_model


def images_of(sizes, channels=3):
    rng = np.random.default_rng(0)
    return [rng.integers(0, 256, (*size, channels), "uint8") for size in sizes]


@pytest.mark.parametrize("dtype", ["float32", "uint8"])
def test_images_of_any_size_each_get_their_own_probabilities(tmp_path, dtype):
    saved_color_model(tmp_path / "model.keras", dtype=dtype)
    sizes = [(7, 9), (7, 9), (9, 7), (1, 1), (7, 9), *[(3, 4)] * 70]
    images = images_of(sizes)
    for place in (tmp_path, tmp_path / "model.keras", str(tmp_path)):
        classifier = serving.load_classifier(place)
    assert classifier.class_names == NAMES and classifier.channels == 3
    shares = list(classifier.predict(iter(images)))
    assert len(shares) == len(images)
    for image, row in zip(images, shares):
        np.testing.assert_allclose(row, color_shares(image), atol=1e-6)


def test_where_the_size_is_fixed_images_are_cropped_as_in_testing(tmp_path):
    saved_color_model(tmp_path / "model.keras", size=(14, 14))
    classifier = serving.load_classifier(tmp_path)
    exact, other = images_of([(14, 14), (40, 32)])
    np.testing.assert_array_equal(classifier.preprocess(exact), exact)
    crop = keras.ops.convert_to_numpy(layers.ImagePreprocessing(14)(other[None]))[0]
    np.testing.assert_allclose(classifier.preprocess(other), crop, atol=1.0)
    one, two = classifier.predict([exact, other])
    np.testing.assert_allclose(one, color_shares(exact), atol=1e-6)
    np.testing.assert_allclose(two, color_shares(classifier.preprocess(other)), atol=1e-6)
    saved_color_model(tmp_path / "wide.keras", size=(14, 20))
    with pytest.raises(ValueError, match="14x20 pixels. Received: 40x32"):
        list(serving.load_classifier(tmp_path / "wide.keras").predict([other]))


def test_names_and_temperature_go_behind_a_model_once():
    model = color_model()
    named = serving.named_model(model, NAMES)
    assert serving.named_model(named, ("x", "y", "z")) is named
    assert find_names_layer(model) is None and find_names_layer(named).class_names == NAMES
    nested = serving.serving_model(named, keras.layers.Rescaling(1.0), 3)
    assert find_names_layer(nested).class_names == NAMES
    cooler = serving.calibrated_model(named, 2.0)
    assert find_names_layer(cooler).class_names == NAMES
    x = images_of([(5, 5)])[0][None]
    before, after = (m.predict_on_batch(x)[0].astype("float64") for m in (named, cooler))
    roots = np.sqrt(before)
    np.testing.assert_allclose(after, roots / roots.sum(), atol=1e-6)


@keras.saving.register_keras_serializable(package="elsewhere")
class Foreign(keras.layers.Layer):
    """A layer that a loading process may not know."""

    def call(self, inputs):
        return inputs


def write_lambda(path):
    inputs = keras.Input((None, None, 3))
    marker = path.with_name("ran")
    name = str(marker)
    layer = keras.layers.Lambda(lambda x: (open(name, "w").close(), x)[1])
    means = keras.layers.GlobalAveragePooling2D()(layer(inputs))
    keras.Model(inputs, layers.ClassNames(NAMES)(means)).save(path)
    marker.unlink(missing_ok=True)


def write_foreign(path):
    inputs = keras.Input((None, None, 3))
    keras.Model(inputs, Foreign()(inputs)).save(path)
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    parts["config.json"] = parts["config.json"].replace(b"elsewhere>Foreign", b"nowhere>Foreign")
    parts["config.json"] = parts["config.json"].replace(b"test_classifier", b"no_such_module")
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)


def write_two_inputs(path):
    one, two = keras.Input((4, 4, 3)), keras.Input((4, 4, 3))
    keras.Model([one, two], keras.layers.Add()([one, two])).save(path)


def write_scores_of_five(path):
    inputs = keras.Input((4, 4, 3))
    named = layers.ClassNames(NAMES)(inputs)
    keras.Model(inputs, keras.layers.Dense(5)(keras.layers.Flatten()(named))).save(path)


def write_without_weights(path):
    saved_color_model(path)
    with zipfile.ZipFile(path) as archive:
        config = archive.read("config.json")
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("config.json", config)


def write_zip(path):
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("config.json", json.dumps({"class_name": "Nothing"}))


def write_bomb(path):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("config.json", "{}")
        archive.writestr("model.weights.h5", bytes(200_000_000))


def write_deep(path):
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("config.json", "[" * 100_000)


BAD = {
    "lambda": (write_lambda, "Lambda layer.*not loaded"),
    "foreign": (write_foreign, "cannot be loaded"),
    "no names": (lambda path: color_model().save(path), "no class names"),
    "two inputs": (write_two_inputs, "must take images"),
    "five scores": (write_scores_of_five, "each of 3 classes"),
    "no weights": (write_without_weights, "cannot be loaded"),
    "another zip": (write_zip, "cannot be loaded"),
    "text": (lambda path: path.write_text("hello"), "not a .keras model file"),
    "bomb": (write_bomb, "unpack to 200,000,0.*not loaded"),
    "deep": (write_deep, "not a .keras model file"),
    "empty": (lambda path: path.write_bytes(b""), "not a .keras model file"),
    "missing": (lambda path: None, "no such file"),
}


@pytest.mark.parametrize("name", BAD)
def test_what_is_no_classifier_is_refused_in_one_line(tmp_path, name):
    write, words = BAD[name]
    path = tmp_path / "model.keras"
    write(path)
    with pytest.raises(ValueError, match=words) as info:
        serving.load_classifier(path)
    assert "\n" not in str(info.value) and str(path) in str(info.value)
    assert not (tmp_path / "ran").exists()


def test_a_folder_without_a_model_and_a_cut_file(tmp_path):
    with pytest.raises(ValueError, match="the folder has no model.keras"):
        serving.load_classifier(tmp_path)
    saved_color_model(tmp_path / "model.keras")
    whole = (tmp_path / "model.keras").read_bytes()
    (tmp_path / "model.keras").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(ValueError, match="damaged"):
        serving.load_classifier(tmp_path)
