"""`pipeline(..., dtype=...)`: pixels as uint8, rounded, and as float32."""

import warnings

import numpy as np
import pytest

from kerasrecipes import augment, data, layers
from tests.augment.oracles import drawn_photo
from tests.augment.test_pipeline import batches, by_index, from_start

MEAN, STD = [120.0, 110.0, 100.0], [60.0, 50.0, 40.0]
SCALED = [augment.RandomScaleCrop(16, (1, 2)), augment.RandomFlip()]
COLOURED = [*SCALED, augment.ColorJitter(0.9, 0.9)]  # beyond 0..255, but for the limits


def arrays():
    """Return images of one size in memory, which are read a batch at once."""
    images = np.stack([np.roll(drawn_photo(20, 20), shift, axis=0) for shift in range(23)])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of few images, and one of them in both sets
        return data.load((images, np.arange(23) % 3, images[:1], [0])).train


@pytest.mark.parametrize("transforms", [SCALED, COLOURED], ids=["moved behind", "coloured behind"])
@pytest.mark.parametrize("source", [by_index, from_start, arrays])
@pytest.mark.slow
def test_uint8_are_the_rounded_pixels_of_the_same_draws(source, transforms):
    plain = batches(source(), 6, transforms)
    whole = batches(source(), 6, transforms, dtype="uint8")
    assert len(plain) == len(whole) == 6
    for (images, labels), (rounded, same_labels) in zip(plain, whole):
        assert images.dtype == "float32" and rounded.dtype == "uint8"
        expected = np.clip(np.rint(images.astype("float64")), 0, 255)
        np.testing.assert_array_equal(rounded, expected)
        np.testing.assert_array_equal(labels, same_labels)
        assert np.ptp(rounded) > 50


@pytest.mark.slow
def test_uint8_stay_as_they_are_and_become_float32():
    moved = [augment.PadCrop(20, 2), augment.RandomFlip()]
    plain = batches(arrays(), 2, moved)
    for dtype in ("uint8", "float32"):
        for (images, _), (same, _) in zip(plain, batches(arrays(), 2, moved, dtype=dtype)):
            assert images.dtype == "uint8" and same.dtype == dtype
            np.testing.assert_array_equal(images, same)


@pytest.mark.slow
def test_a_model_that_begins_with_pixel_scaling_sees_what_normalize_gives():
    moved = [augment.PadCrop(20, 2), augment.RandomFlip()]
    scaling = layers.PixelScaling(MEAN, STD)
    normalized = batches(arrays(), 3, [*moved, augment.Normalize(MEAN, STD)])
    for (expected, _), (images, _) in zip(normalized, batches(arrays(), 3, moved, dtype="uint8")):
        np.testing.assert_allclose(np.asarray(scaling(images)), expected, rtol=1e-6, atol=1e-6)


@pytest.mark.slow
def test_the_spec_says_the_dtype_before_anything_is_read():
    for source in (by_index(), from_start(), arrays()):
        found = augment.pipeline(source, SCALED, 4, training=True, dtype="uint8")
        assert found.element_spec[0].dtype.name == "uint8"
        assert found.element_spec[0].shape.as_list() == [None, 16, 16, 3]


@pytest.mark.parametrize("dtype", ["uint8", "float32"])
@pytest.mark.slow
def test_every_stage_that_is_timed_can_be_read(dtype):
    found = augment.pipeline(by_index(), SCALED, 4, training=True, dtype=dtype)
    names = []
    for name, build, _ in found.stages:
        next(iter(build()))
        names.append(name)
    assert names == ["read", "RandomScaleCrop", "batch", "RandomFlip"]


@pytest.mark.parametrize(
    "dtype, transforms, message",
    [
        ("uint8", [augment.Normalize(MEAN, STD)], "PixelScaling.*dtype='uint8'"),
        ("int8", [], "'float32', 'uint8'.*dtype='int8'"),
        (8, [], "'float32', 'uint8'.*dtype=8"),
    ],
)
def test_bad_input(dtype, transforms, message):
    with pytest.raises(ValueError, match=message):
        augment.pipeline(from_start(), transforms, 4, training=True, dtype=dtype)
