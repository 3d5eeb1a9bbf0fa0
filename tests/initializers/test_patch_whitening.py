"""PatchWhitening against layers.Whitening on patches cut out one by one."""

import keras
import numpy as np
import pytest

from kerasrecipes.initializers import PatchWhitening
from kerasrecipes.layers import Whitening


def images_of(channels=2):
    """Images whose neighbouring pixels and channels are alike, with a mean that is not 0."""
    noise = np.random.default_rng(0).normal(size=(40, 9, 8, channels))
    return (noise.cumsum(axis=1).cumsum(axis=3) + 2).astype("float32")


def layer_of(filters=24, channels=2, **options):
    layer = keras.layers.Conv2D(filters, (3, 2), data_format="channels_last", **options)
    layer.build((None, None, None, channels))
    return layer


def test_outputs_are_those_of_whitened_patches():
    images, layer = images_of(), layer_of()
    variances = PatchWhitening(epsilon=0.05)(layer, images)
    patches = np.array([
        image[row : row + 3, column : column + 2].ravel()
        for image in images for row in range(7) for column in range(7)
    ])  # fmt: skip
    whitening = Whitening("pca", epsilon=0.05)
    whitening.adapt(patches)
    expected = keras.ops.convert_to_numpy(whitening(patches)).reshape(40, 7, 7, 12)
    outputs = keras.ops.convert_to_numpy(layer(images))
    signs = np.sign((expected * outputs[..., :12]).sum(axis=(0, 1, 2)))
    np.testing.assert_allclose(outputs[..., :12], expected * signs, atol=2e-3)
    np.testing.assert_allclose(outputs[..., 12:], -outputs[..., :12], atol=2e-3)
    np.testing.assert_allclose(
        variances, np.linalg.svd(patches - patches.mean(0))[1] ** 2 / len(patches), rtol=1e-4
    )


def test_images_may_have_their_channels_first():
    last, first = layer_of(), keras.layers.Conv2D(24, (3, 2), data_format="channels_first")
    first.build((None, 2, None, None))
    PatchWhitening()(last, images_of())
    PatchWhitening()(first, images_of().transpose(0, 3, 1, 2))
    for one, other in zip(last.get_weights(), first.get_weights()):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize(
    "options", [{"filters": 12}, {"use_bias": False}, {"dilation_rate": 2}, {"groups": 2}]
)
def test_another_layer_is_refused(options):
    with pytest.raises(ValueError, match=r"`layer` must have.*Received: filters="):
        PatchWhitening()(layer_of(**options), images_of())


def test_what_is_no_built_convolution_is_refused():
    for layer in (keras.layers.Conv2D(24, (3, 2)), keras.layers.Dense(3)):
        with pytest.raises(ValueError, match="built keras.layers.Conv2D"):
            PatchWhitening()(layer, images_of())


@pytest.mark.parametrize(
    "images, words",
    [
        (images_of(3), "2 channels"),
        (images_of()[:, :2], "at least 3 by 2"),
        (images_of()[0], "rank 4"),
        (images_of()[:0], "Received: images.shape=.0, 9, 8, 2"),
        (np.full((1, 4, 4, 2), np.nan), "finite"),
    ],
)
def test_images_that_do_not_suit_are_refused_and_the_layer_is_as_it_was(images, words):
    layer = layer_of()
    before = layer.get_weights()
    with pytest.raises(ValueError, match=words):
        PatchWhitening()(layer, images)
    for one, other in zip(layer.get_weights(), before):
        np.testing.assert_array_equal(one, other)


def test_epsilon_has_its_range():
    with pytest.raises(ValueError, match=r"`epsilon` must be in \(0, inf\). Received: epsilon=0"):
        PatchWhitening(0)
