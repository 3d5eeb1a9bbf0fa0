"""Crops against loops over pixels, and resizing against matrices in float64."""

import numpy as np
import pytest
import tensorflow as tf

from kerasrecipes import augment
from kerasrecipes.augment import functional
from tests.augment.oracles import bilinear_window, drawn_photo, jpeg, png

SIZES = [(375, 500), (500, 375), (60, 60), (1, 1), (1, 40), (3, 700), (97, 33)]


@pytest.mark.parametrize(
    ("height", "width", "short", "expected"),
    [
        (375, 500, 256, (256, 341)),
        (500, 375, 256, (341, 256)),
        (256, 256, 224, (224, 224)),
        (1, 5000, 256, (256, 1_280_000)),
    ],
)
def test_short_side_size_truncates_the_long_side(height, width, short, expected):
    assert functional.short_side_size(height, width, short) == expected
    tensors = functional.short_side_size(tf.constant(height), tf.constant(width), short)
    assert tuple(int(side) for side in tensors) == expected


def test_center_offset_rounds_halves_to_even_as_python_does():
    for size_in in range(224, 240):
        expected = int(round((size_in - 224) / 2))
        assert functional.center_offset(size_in, 224) == expected
        assert int(functional.center_offset(tf.constant(size_in), 224)) == expected


@pytest.mark.parametrize("shape", [(9, 12, 3), (8, 5, 1), (5, 5, 3)])
def test_ten_crop_is_five_crops_of_the_image_and_of_its_mirror_image(shape):
    image = np.arange(np.prod(shape)).reshape(shape)
    height, width = shape[:2]
    middle = (int(round((height - 4) / 2)), int(round((width - 4) / 2)))
    corners = [(0, 0), (0, width - 4), (height - 4, 0), (height - 4, width - 4), middle]
    expected = [
        view[top : top + 4, left : left + 4]
        for view in (image, image[:, ::-1])
        for top, left in corners
    ]
    np.testing.assert_array_equal(functional.ten_crop(tf.constant(image), 4), expected)


@pytest.mark.parametrize("height, width", SIZES)
def test_center_crop_equals_resize_then_crop(height, width):
    image = drawn_photo(height, width)
    scaled = functional.short_side_size(height, width, 37)
    offset = [int(round((side - 32) / 2)) for side in scaled]
    expected = bilinear_window(image, scaled, offset, (32, 32))
    crop = augment.CenterCrop(32)(image)
    assert crop.dtype == tf.float32
    np.testing.assert_allclose(crop, expected, atol=2e-3)
    np.testing.assert_allclose(augment.CenterCrop(32)(png(image)), expected, atol=2e-3)


@pytest.mark.parametrize("height, width", SIZES)
@pytest.mark.parametrize("size, resize", [(16, 16), (48, 100), (224, None)])
def test_center_crop_of_a_jpeg_is_that_of_its_pixels(height, width, size, resize):
    data = jpeg(drawn_photo(height, width))
    whole = tf.io.decode_jpeg(data, channels=3, dct_method="INTEGER_ACCURATE")
    crop = augment.CenterCrop(size, resize)
    np.testing.assert_allclose(crop(data), crop(whole), atol=5e-3)


def test_ten_crop_at_five_scales_gives_fifty_crops_scale_by_scale():
    image = drawn_photo(60, 90)
    scales = (24, 30, 48, 60, 70)
    crops = augment.TenCrop(24, scales)(image).numpy()
    assert crops.shape == (50, 24, 24, 3)
    for number, scale in enumerate(scales):
        scaled = functional.short_side_size(60, 90, scale)
        whole = bilinear_window(image, scaled, (0, 0), scaled)
        expected = functional.ten_crop(tf.constant(whole), 24)
        np.testing.assert_allclose(crops[10 * number : 10 * number + 10], expected, atol=2e-3)


@pytest.mark.parametrize("height, width, shift", [(20, 20, 2), (31, 47, 1), (20, 40, 7)])
def test_shifted_crops_are_the_image_moved_over_zeros_and_mirrored(height, width, shift):
    image = drawn_photo(height, width)
    views = augment.ShiftedCrops(20, shift)(image).numpy()
    whole = augment.CenterCrop(20, 20)(image).numpy()
    assert views.shape == (10, 20, 20, 3)
    moves = [(1, 1), (1, -1), (-1, 1), (-1, -1), (0, 0)]
    for number, (down, right) in enumerate(moves):
        for view, source in ((views[number], whole), (views[number + 5], whole[:, ::-1])):
            expected = np.zeros_like(whole)
            for row in range(20):
                for column in range(20):
                    from_row = row - down * shift
                    from_column = column - right * shift
                    if 0 <= from_row < 20 and 0 <= from_column < 20:
                        expected[row, column] = source[from_row, from_column]
            np.testing.assert_array_equal(view, expected)


def test_shifted_crops_without_a_shift_are_the_image_and_its_mirror_image():
    data = jpeg(drawn_photo(60, 90))
    views = augment.ShiftedCrops(28)(data).numpy()
    whole = augment.CenterCrop(28, 28)(data).numpy()
    np.testing.assert_array_equal(views, [whole, whole[:, ::-1]])


@pytest.mark.parametrize(
    "transform, count",
    [
        (augment.ShiftedCrops(16), 2),
        (augment.ShiftedCrops(16, 3), 10),
        (augment.TenCrop(16), 10),
        (augment.TenCrop(16, (16, 20, 30)), 30),
        (augment.CenterCrop(16), 1),
    ],
)
def test_crops_counts_what_a_transform_makes_of_an_image(transform, count):
    views = transform(drawn_photo(24, 30))
    assert transform.crops == count == (len(views) if views.ndim == 4 else 1)


def test_ten_crop_takes_bytes_and_a_default_scale():
    data = jpeg(drawn_photo(60, 90))
    crops = augment.TenCrop(28)(data)
    whole = tf.io.decode_jpeg(data, channels=3, dct_method="INTEGER_ACCURATE")
    np.testing.assert_array_equal(crops, augment.TenCrop(28, (32,))(whole))
