"""Colour, warps, rectangles and mixing against NumPy, SciPy and Pillow; distributions."""

import colorsys

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image, ImageEnhance, ImageOps
from scipy import ndimage, stats

from kerasrecipes import augment
from kerasrecipes.augment import draws, functional
from tests.augment.oracles import bilinear_window, drawn_photo, jpeg, photos, psnr

IMAGE = drawn_photo(30, 40)
UNLIKELY = 1e-4  # seeds are fixed: a test that passes once passes always
MANY = tf.stack([tf.range(20_000, dtype=tf.int64), tf.zeros(20_000, tf.int64)], axis=1)


def test_uniform_integers_normal_and_beta_have_their_distributions():
    assert stats.kstest(draws.uniform(MANY, 1)[:, 0], "uniform").pvalue > UNLIKELY
    assert stats.kstest(draws.normal(MANY, 1)[:, 0], "norm").pvalue > UNLIKELY
    for alpha in (0.5, 1.0, 3.0):
        assert stats.kstest(draws.beta(MANY, alpha), stats.beta(alpha, alpha).cdf).pvalue > UNLIKELY
    counts = np.bincount(draws.integers(MANY, 0, 6), minlength=7)
    assert len(counts) == 7 and stats.chisquare(counts).pvalue > UNLIKELY


def test_seeds_that_differ_in_one_number_are_independent():
    first = draws.uniform(MANY, 2).numpy()
    assert abs(np.corrcoef(first[:, 0], first[:, 1])[0, 1]) < 0.03
    assert abs(np.corrcoef(first[1:, 0], first[:-1, 0])[0, 1]) < 0.03
    folded = draws.uniform(draws.fold(MANY, 1), 1).numpy()[:, 0]
    assert abs(np.corrcoef(first[:, 0], folded)[0, 1]) < 0.03


def test_split_mix_against_integers_of_python():
    mask = 2**64 - 1

    def mix(bits):
        bits = (bits ^ bits >> 30) * 0xBF58476D1CE4E5B9 & mask
        bits = (bits ^ bits >> 27) * 0x94D049BB133111EB & mask
        return bits ^ bits >> 31

    state = mix(mix(3 + 0x9E3779B97F4A7C15 & mask) ^ 5 * 0x94D049BB133111EB & mask)
    expected = [(mix(state + k * 0x9E3779B97F4A7C15 & mask) >> 40) / 2**24 for k in (1, 2, 3)]
    np.testing.assert_array_equal(draws.uniform((3, 5), 3), np.float32(expected))


def test_flips_are_a_half():
    flipped = draws.uniform(MANY, 1)[:, 0] < augment.RandomFlip().probability
    assert stats.binomtest(int(tf.reduce_sum(tf.cast(flipped, "int32"))), 20_000).pvalue > UNLIKELY
    np.testing.assert_array_equal(augment.RandomFlip(1.0)(IMAGE, 1), IMAGE[:, ::-1])


def test_scale_and_position_of_the_crop_are_uniform_integers():
    crop = augment.RandomScaleCrop(8, (10 / 8, 14 / 8))
    draw = tf.function(lambda seed: tf.concat(crop.draw(seed, 30, 30), 0))
    drawn = tf.function(tf.map_fn)(draw, MANY[:3000], fn_output_signature=tf.int32).numpy()
    sides, tops, lefts = drawn[:, 0], drawn[:, 2], drawn[:, 3]
    assert set(sides) == set(range(10, 15))
    assert stats.chisquare(np.bincount(sides)[10:]).pvalue > UNLIKELY
    for side in (10, 14):
        for start in (tops, lefts):
            counts = np.bincount(start[sides == side])
            assert len(counts) == side - 8 + 1 and stats.chisquare(counts).pvalue > UNLIKELY


@pytest.mark.parametrize("shape", [(60, 80, 3), (9, 9, 3), (1, 1, 3), (2, 300, 1), (300, 3, 3)])
def test_exact_scale_crop_is_resize_then_crop(shape):
    image = drawn_photo(*shape)
    crop = augment.RandomScaleCrop(16, (1, 3), exact=True)
    for seed in range(3):
        scaled, offset = (np.asarray(pair) for pair in crop.draw(seed, *shape[:2]))
        expected = bilinear_window(image, scaled, offset, (16, 16))
        np.testing.assert_allclose(crop(image, seed), expected, atol=0.02)
        default = augment.RandomScaleCrop(16, (1, 3))(image, seed)
        assert np.min(default) >= 0 and np.max(default) <= 255.001


def test_exact_scale_crop_of_jpegs_is_that_of_pillow():
    exact, default = augment.RandomScaleCrop(224, exact=True), augment.RandomScaleCrop(224)
    ratios = {"exact": [], "default": []}
    for seed, data in enumerate(photos(8)):
        whole = tf.io.decode_jpeg(data, channels=3, dct_method="INTEGER_ACCURATE").numpy()
        (height, width), (top, left) = exact.draw(seed, *whole.shape[:2])
        resized = Image.fromarray(whole).resize((int(width), int(height)), Image.BILINEAR)
        expected = np.asarray(resized)[top : top + 224, left : left + 224]
        ratios["exact"].append(psnr(exact(data, seed), expected.astype("float32")))
        ratios["default"].append(psnr(default(data, seed), expected.astype("float32")))
    print({name: (round(min(found), 1), np.mean(found).round(1)) for name, found in ratios.items()})
    assert min(ratios["exact"]) > 40


@pytest.mark.parametrize("side", [250, 500, 2000])
def test_large_jpegs_are_decoded_small_and_look_the_same(side):
    rows, columns = np.mgrid[0:side, 0:side] / side
    smooth = np.stack([rows, columns, (rows + columns) / 2], -1) * 255
    data = jpeg(smooth.astype("uint8"))
    for make in (augment.RandomScaleCrop, augment.RandomResizedCrop):
        default, exact = make(48)(data, 1), make(48, exact=True)(data, 1)
        assert np.abs(default - exact).max() < 6


def test_resized_crops_have_area_and_ratio_in_range_and_fall_back():
    crop = augment.RandomResizedCrop(8, (0.2, 0.5), (0.5, 2.0))
    draw = tf.function(lambda seed: tf.stack(crop.draw(seed, 400, 300)))
    top, left, tall, wide = np.transpose(
        tf.function(tf.map_fn)(draw, MANY[:1500], fn_output_signature=tf.int32)
    )
    assert np.all((top >= 0) & (left >= 0) & (top + tall <= 400) & (left + wide <= 300))
    area, ratio = tall * wide / 120_000, wide / tall
    assert 0.195 < area.min() < 0.21 and 0.49 < area.max() < 0.51
    assert 0.49 < ratio.min() < 0.52 and 1.9 < ratio.max() < 2.02
    long = augment.RandomResizedCrop(8)
    assert [int(side) for side in long.draw(1, 10, 1000)] == [0, 493, 10, 13]


def test_resized_crop_is_the_resized_part():
    crop = augment.RandomResizedCrop(16, exact=True)
    top, left, tall, wide = (int(side) for side in crop.draw(7, 30, 40))
    part = IMAGE[top : top + tall, left : left + wide]
    expected = bilinear_window(part, (16, 16), (0, 0), (16, 16))
    np.testing.assert_allclose(crop(IMAGE, 7), expected, atol=2e-3)
    data = jpeg(drawn_photo(90, 120))
    whole = tf.io.decode_jpeg(data, channels=3, dct_method="INTEGER_ACCURATE")
    np.testing.assert_allclose(crop(data, 7), crop(whole, 7), atol=2e-3)


def test_pad_crop_is_a_crop_of_the_padded_image():
    crop = augment.PadCrop(30, 6)
    padded = np.pad(IMAGE, [(6, 6), (6, 6), (0, 0)])
    for seed in range(20):
        top, left = (int(start[0]) + 6 for start in crop.draw(draws.as_seed(seed)[None], 30, 40))
        expected = padded[top : top + 30, left : left + 30]
        np.testing.assert_array_equal(crop(IMAGE, seed), expected)
    starts = [np.asarray(start) + 6 for start in crop.draw(MANY, 30, 40)]
    assert stats.chisquare(np.bincount(starts[0], minlength=13)).pvalue > UNLIKELY
    assert stats.chisquare(np.bincount(starts[1], minlength=23)).pvalue > UNLIKELY


@pytest.mark.parametrize("jit_compile", [True, False])
def test_windows_of_a_batch_may_lie_outside(jit_compile):
    images = np.random.default_rng(0).integers(1, 256, (9, 6, 8, 2), dtype=np.uint8)
    top = np.array([0, -2, 3, -5, 6, -99, 99, 2, 1], "int32")
    left = np.array([0, 4, -4, 0, -1, 0, 0, 99, -99], "int32")
    crop = tf.function(functional.pad_crop, jit_compile=jit_compile)
    padded = np.pad(images, [(0, 0), (100, 100), (100, 100), (0, 0)])
    for given, reach in ((slice(None), None), (slice(5), 5)):
        found = crop(images[given], top[given], left[given], 5, reach)
        for image, window, down, right in zip(padded[given], found, top + 100, left + 100):
            expected = image[down : down + 5, right : right + 5]
            np.testing.assert_array_equal(window, expected)


@pytest.mark.parametrize("shape", [(3, 4, 2), (5, 3, 4, 2), (5, 3, 4, 3), (2, 5, 3, 4, 1)])
@pytest.mark.parametrize("jit_compile", [True, False])
def test_images_of_any_rank_are_mirrored_where_they_are_to_be(shape, jit_compile):
    generator = np.random.default_rng(1)
    images, mirrored = generator.random(shape), generator.random(shape[:-3]) < 0.5
    found = tf.function(functional.flip, jit_compile=jit_compile)(images, mirrored)
    expected = np.where(mirrored[..., None, None, None], images[..., ::-1, :], images)
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("factor", [0.0, 0.3, 1.0, 1.7])
def test_colour_is_that_of_pillow(factor):
    values, picture = tf.cast(IMAGE, tf.float32), Image.fromarray(IMAGE)
    for adjust, enhancer, tolerance in [
        (functional.adjust_brightness, ImageEnhance.Brightness, 1.01),
        (functional.adjust_contrast, ImageEnhance.Contrast, 1.6),  # Pillow rounds the mean
        (functional.adjust_saturation, ImageEnhance.Color, 1.6),  # and the luma
    ]:
        expected = np.asarray(enhancer(picture).enhance(factor), "float32")
        np.testing.assert_allclose(adjust(values, factor), expected, atol=tolerance)
    sharp = np.asarray(ImageEnhance.Sharpness(picture).enhance(factor), "float32")
    np.testing.assert_allclose(functional.sharpen(IMAGE, factor), sharp, atol=1.01)


@pytest.mark.parametrize("turns", [-0.5, -0.1, 0.0, 0.3])
def test_hue_is_that_of_colorsys(turns):
    colours = np.random.default_rng(0).uniform(0, 255, (1, 60, 3))
    colours[0, :3] = [[0, 0, 0], [255, 255, 255], [255, 0, 0]]
    expected = []
    for colour in colours[0] / 255:
        hue, saturation, value = colorsys.rgb_to_hsv(*colour)
        expected.append(colorsys.hsv_to_rgb((hue + turns) % 1, saturation, value))
    shifted = functional.adjust_hue(tf.constant(colours, tf.float32), turns)
    np.testing.assert_allclose(shifted[0], np.multiply(expected, 255), atol=1e-2)


def test_operations_of_pillow_exactly():
    picture = Image.fromarray(IMAGE)
    for image in (IMAGE, IMAGE // 3 + 40, np.full_like(IMAGE, 7)):
        picture = Image.fromarray(image)
        np.testing.assert_array_equal(functional.equalize(image), ImageOps.equalize(picture))
        expected = ImageOps.autocontrast(picture)
        np.testing.assert_array_equal(functional.auto_contrast(image), expected)
        for bits in (1, 4, 8):
            expected = ImageOps.posterize(picture, bits)
            np.testing.assert_array_equal(functional.posterize(image, bits), expected)
        for threshold in (0, 100, 255):
            expected = ImageOps.solarize(picture, threshold)
            np.testing.assert_array_equal(functional.solarize(image, threshold), expected)


def test_lighting_offset_and_its_use():
    random = np.random.default_rng(1)
    alpha, values, vectors = (
        random.normal(size=3),
        random.uniform(size=3),
        random.normal(size=(3, 3)),
    )
    expected = sum(alpha[k] * values[k] * vectors[:, k] for k in range(3))
    found = functional.lighting_offset(tf.constant(alpha), values, vectors)
    np.testing.assert_allclose(found, expected, rtol=1e-12)
    lit = functional.add_lighting(tf.cast(IMAGE, tf.float32), tf.constant([0.1, -0.2, 0.0]))
    np.testing.assert_allclose(lit, np.clip(IMAGE + [25.5, -51, 0], 0, 255), atol=1e-4)


def test_lighting_from_a_dataset_finds_its_components():
    random = np.random.default_rng(2)
    images = np.clip(random.normal(128, [30, 10, 3], (20, 12, 12, 3)), 0, 255).astype("float32")
    dataset = tf.data.Dataset.from_tensor_slices((images, range(20)))
    lighting = augment.PCALighting.from_dataset(dataset)
    covariance = np.cov(images.reshape(-1, 3).T / 255, bias=True)
    values, vectors = np.array(lighting.eigenvalues), np.array(lighting.eigenvectors)
    np.testing.assert_allclose(vectors * values @ vectors.T, covariance, atol=1e-6)
    assert values[0] > values[1] > values[2]


@pytest.mark.parametrize("lens", [0.0, 0.25, -0.25])
def test_warp_is_one_bilinear_resampling(lens):
    image = drawn_photo(21, 32).astype("float64")
    rotation, stretch, shear, shift = 0.4, (1.2, 0.8), 0.2, (3.0, -2.0)
    matrix = functional.affine_matrix(rotation, *stretch, shear)
    forward = (
        np.array([[np.cos(rotation), np.sin(rotation)], [-np.sin(rotation), np.cos(rotation)]])
        @ np.array([[1, np.tan(shear)], [0, 1]])
        @ np.diag(stretch)
    )
    np.testing.assert_allclose(matrix, np.linalg.inv(forward), atol=1e-6)
    rows, columns = np.mgrid[0:21, 0:32]
    offset = np.stack([columns - 15.5 - shift[0], rows - 10.0 - shift[1]])
    source = np.einsum("ij,jhw->ihw", np.linalg.inv(forward), offset)
    source = source * (1 + lens * (source**2).sum(0) / ((21**2 + 32**2) / 4))
    where = [source[1] + 10.0, source[0] + 15.5]
    expected = np.stack(
        [
            ndimage.map_coordinates(image[..., k], where, order=1, mode="grid-constant", cval=9)
            for k in range(3)
        ],
        -1,
    )
    arguments = (matrix[None], tf.constant([shift]), tf.constant([lens]))
    warped = functional.warp(tf.constant(image[None], tf.float32), *arguments, fill=9)[0]
    np.testing.assert_allclose(warped, expected, atol=5e-3)


def test_a_shift_is_a_fraction_of_its_own_side():
    _, shift, _ = augment.RandomWarp(translation=0.5).draw(MANY, height=20, width=200)
    np.testing.assert_allclose(np.abs(shift).max(axis=0), [100, 10], rtol=1e-3)


def test_warp_is_the_same_in_a_graph():
    warp, images = augment.RandomWarp(30, 0.2, 0.2, 10, 0.2), drawn_photo(20, 24)[None]
    graph = tf.function(warp.__call__, jit_compile=False)
    np.testing.assert_array_equal(graph(tf.constant(images), MANY[:1]), warp(images, MANY[:1]))


def test_warp_turns_as_pillow_does():
    image = drawn_photo(41, 41)
    for degrees in (15, -40):
        matrix = functional.affine_matrix(np.float32(np.radians(degrees)), 1.0, 1.0, 0.0)
        warped = functional.warp(image[None], matrix[None], tf.zeros([1, 2]), tf.zeros([1]))[0]
        turned = np.asarray(Image.fromarray(image).rotate(degrees, Image.BILINEAR), "float32")
        np.testing.assert_allclose(warped[12:29, 12:29], turned[12:29, 12:29], atol=1.5)
        rows = [[matrix[0, 0], matrix[0, 1]], [matrix[1, 0], matrix[1, 1]]]
        np.testing.assert_allclose(
            functional.warp_affine(image, rows, (0.0, 0.0)), warped, atol=2e-2
        )


def test_erasing_covers_one_rectangle_of_the_drawn_size():
    erase = augment.RandomErasing(1.0, area=(0.1, 0.3), value=0)
    images = np.full((200, 30, 40, 3), 255, "uint8")
    erased = erase(images, MANY[:200]).numpy()
    top, left, tall, wide = (np.asarray(part) for part in erase.draw(MANY[:200], 30, 40))
    for image, row, column, height, width in zip(erased, top, left, tall, wide):
        expected = np.full((30, 40, 3), 255, "uint8")
        expected[row : row + height, column : column + width] = 0
        np.testing.assert_array_equal(image, expected)
    share = tall * wide / 1200
    assert share.min() > 0.08 and 0.25 < share.max() < 0.32
    noise = augment.RandomErasing(1.0)(images[:50], MANY[:50]).numpy()
    assert stats.kstest(noise[noise != 255], stats.randint(0, 255).cdf).statistic < 0.02
    done = augment.RandomErasing(0.3)(np.full((2000, 8, 8, 1), 255, "uint8"), MANY[:2000]).numpy()
    assert 0.26 < np.mean(np.any(done != 255, axis=(1, 2, 3))) < 0.34


def test_mix_up_and_cut_mix_mix_labels_as_they_mix_images():
    images = np.stack([np.full((20, 30, 1), value, "float32") for value in (0, 50, 100, 200)])
    labels = np.eye(4, dtype="float32")
    for mix in (augment.MixUp(0.8), augment.CutMix(1.0)):
        mixed, shares = mix(images, labels, MANY[:4])
        np.testing.assert_allclose(tf.reduce_sum(shares, 1), np.ones(4), atol=1e-6)
        for row in range(4):
            assert set(np.flatnonzero(shares[row])) <= {row, (row - 1) % 4}
        expected = shares.numpy() @ [0, 50, 100, 200]
        np.testing.assert_allclose(np.mean(mixed, axis=(1, 2, 3)), expected, atol=1e-3)


def test_cut_mix_pastes_the_drawn_rectangle():
    images = np.random.default_rng(3).integers(0, 256, (6, 20, 30, 3), "uint8")
    mix = augment.CutMix(1.0)
    mixed, _ = mix(images, np.eye(6, dtype="float32"), MANY[:6])
    for row, (top, left, tall, wide) in enumerate(zip(*mix.draw(MANY[:6], images))):
        expected = images[row].copy()
        inside = np.s_[top : top + tall, left : left + wide]
        expected[inside] = images[row - 1][inside]
        np.testing.assert_array_equal(mixed[row], expected)


def test_rand_augment_chooses_every_operation_equally():
    chosen = draws.integers(draws.fold(draws.fold(MANY, 0), 0), 0, 13)
    assert stats.chisquare(np.bincount(chosen, minlength=14)).pvalue > UNLIKELY


def test_a_corrupt_jpeg_is_an_error():
    data = jpeg(drawn_photo(60, 80))
    broken = [data[: len(data) // 2], b"\xff\xd8\xff" + bytes(40), b"not an image", b""]
    for bad in broken:
        for transform in (augment.RandomScaleCrop(16), augment.CenterCrop(16), augment.TenCrop(16)):
            with pytest.raises(tf.errors.InvalidArgumentError):
                transform(bad, 1)
