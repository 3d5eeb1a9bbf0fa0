"""Crops of training and testing that belong together."""

import warnings

import numpy as np
import pytest
from PIL import Image

from kerasrecipes import augment, data, experiment


def arrays(size=28, channels=1):
    images = np.random.default_rng(0).integers(0, 255, (20, size, size, channels), "uint8")
    return data.load((images, np.arange(20) % 2, images[:4] // 2, np.arange(4) % 2))


def reprs(transforms):
    return [repr(transform) for transform in transforms]


def test_small_images_of_one_size_are_padded_as_they_are():
    crops = experiment.choose_crops("auto", arrays(32, 3), 32)
    assert crops.kind == "pad"
    assert reprs(crops.train) == reprs([augment.PadCrop(32, 4), augment.RandomFlip()])
    assert reprs(crops.tests.values()) == reprs(
        [
            augment.CenterCrop(32, 32, 3),
            augment.ShiftedCrops(32, 0, 3),
            augment.ShiftedCrops(32, 2, 3),
        ]
    )


def test_images_of_another_size_are_resized_first():
    crops = experiment.choose_crops("pad", arrays(28), 16, padding=1)
    expected = [augment.CenterCrop(16, 16, 1), augment.PadCrop(16, 1), augment.RandomFlip()]
    assert reprs(crops.train) == reprs(expected)
    assert list(crops.tests) == ["one crop", "mirror"]  # half a pixel is no shift


@pytest.mark.slow
def test_photos_are_scaled(tmp_path):
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        for number in range(14):
            pixels = np.random.default_rng(100 * ord(name) + number).integers(
                0, 255, (80, 100, 3), "uint8"
            )
            Image.fromarray(pixels).save(tmp_path / name / f"{number}.png")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        crops = experiment.choose_crops("auto", data.load(tmp_path), 64)
    assert crops.kind == "scale"
    assert reprs(crops.train)[0] == repr(augment.RandomScaleCrop(64, channels=3))
    assert crops.tests["ten-crop at 5 scales"].scales == (64, 73, 110, 137, 183)


@pytest.mark.parametrize("kind", ["scale", "inception"])
def test_a_part_of_a_small_image_warns(kind):
    with pytest.warns(UserWarning, match="28 pixels.*crops='pad'"):
        crops = experiment.choose_crops(kind, arrays(), 28)
    assert crops.kind == kind and crops.train[0].channels == 1


def test_large_crops_of_small_images_in_the_channels_of_a_pretrained_network():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        options = {"area": (0.35, 1.0), "channels": 3}
        crops = experiment.choose_crops("inception", arrays(), 96, **options)
    expected = [augment.RandomResizedCrop(96, (0.35, 1.0), channels=3), augment.RandomFlip()]
    assert reprs(crops.train) == reprs(expected)
    assert reprs(crops.tests.values())[1] == repr(augment.TenCrop(96, channels=3))
    crops = experiment.choose_crops("pad", arrays(), 28, channels=3)  # 28 x 28 x 1
    assert reprs(crops.train)[0] == repr(augment.CenterCrop(28, 28, 3))


@pytest.mark.parametrize("kind", ["none", "scale"])
def test_a_padding_without_effect_warns(kind):
    with pytest.warns(UserWarning, match="`padding` has no effect"):
        experiment.choose_crops(kind, arrays(), 28, padding=2)


@pytest.mark.parametrize("kind", experiment.CROPS[1:])
@pytest.mark.filterwarnings("ignore:crops=")
def test_crops_of_training_and_tests_have_the_size(kind):
    crops = experiment.choose_crops(kind, arrays(), 20)
    image, label = arrays().train[0]
    batches = augment.pipeline([(image, label)], crops.train, 1, training=False)
    assert next(iter(batches))[0].shape == (1, 20, 20, 1)
    for test in crops.tests.values():
        assert np.shape(test(image))[-3:] == (20, 20, 1)
    assert next(iter(crops.tests.values())).crops == 1


@pytest.mark.parametrize(
    "kind, size, padding, words",
    [
        ("random", 28, None, "kind='random'"),
        ("pad", 0, None, "size=0"),
        ("pad", 28, -1, "padding=-1"),
    ],
)
def test_bad_arguments_say_so(kind, size, padding, words):
    with pytest.raises(ValueError, match=words):
        experiment.choose_crops(kind, arrays(), size, padding)
