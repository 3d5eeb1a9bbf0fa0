"""`OnDevice` gives the batches of `pipeline`, elementwise; its draws are the same bits."""

import copy
import dataclasses
import importlib.util
import logging
import pickle
import sys
import warnings

import keras
import numpy as np
import pytest

from kerasrecipes import augment, callbacks, data
from kerasrecipes.augment import compiled_part, device_pixels, draws, host_draws, order
from kerasrecipes.augment.host_order import permuted

RNG = np.random.default_rng(3)
SEEDS = RNG.integers(-(2**63), 2**63 - 1, (300, 2))
PIXELS = RNG.integers(0, 256, (23, 30, 26, 3), np.uint8)
with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # of few images
    IMAGES = data.load((PIXELS, np.arange(23) % 3), split=(0.6, 0.2, 0.2))
NORMALIZE = augment.Normalize([120.0, 110.0, 100.0], [60.0, 61.0, 62.0])
MIXES = (augment.MixUp, augment.CutMix)

TRANSFORMS = {
    "pad, flip, normalise": [augment.PadCrop(26, 3), augment.RandomFlip(), NORMALIZE],
    "pad more than the image": [augment.PadCrop(40, 12)],
    "scale": [augment.RandomScaleCrop(16), augment.RandomFlip(), NORMALIZE],
    "scale, exact": [augment.RandomScaleCrop(16, exact=True), augment.RandomFlip()],
    "scale a lot": [augment.RandomScaleCrop(8), augment.RandomFlip(0.3)],
    "inception": [augment.RandomResizedCrop(16), augment.RandomFlip(), NORMALIZE],
    "inception, exact": [augment.RandomResizedCrop(12, (0.05, 1), exact=True)],
    "erasing by noise": [augment.RandomErasing(0.8), NORMALIZE],
    "erasing floats": [augment.RandomScaleCrop(16), augment.RandomErasing(0.8)],
    "erasing by a number": [augment.PadCrop(24, 2), augment.RandomErasing(0.8, value=7)],
    "mix-up of uint8": [augment.RandomFlip(), augment.MixUp(0.4), NORMALIZE],
    "mix-up behind": [augment.PadCrop(24, 4), NORMALIZE, augment.MixUp(1.0)],
    "cut-mix": [augment.CutMix(), NORMALIZE],
    "neither": [augment.MixUp(0), augment.CutMix(0)],
    "centre": [augment.CenterCrop(14), NORMALIZE],
    "centre, as it is": [augment.CenterCrop(26, 26)],
    "mirror": [augment.ShiftedCrops(26)],
    "shifts, then flips": [augment.ShiftedCrops(20, 2), augment.RandomFlip(), NORMALIZE],
    "colour": [
        augment.PadCrop(24, 2),
        augment.RandomFlip(),
        augment.ColorJitter(0.4, 0.5, 0.6, 0.2),
        NORMALIZE,
    ],
    "colour of uint8": [augment.ColorJitter(0.4, 0.5, 0.6, 0.2)],
    "colour of floats": [augment.RandomScaleCrop(16), augment.ColorJitter(0.4, (0.2, 1), 0, 0.3)],
    "colour as it is": [augment.ColorJitter()],
    "light": [augment.PCALighting(0.5), NORMALIZE],
    "light of floats": [augment.RandomScaleCrop(16), augment.PCALighting(0.5)],
    "warp": [augment.RandomWarp(30, 0.2, 0.3, 10, 0.2, 9), NORMALIZE],
    "warp of floats": [augment.RandomScaleCrop(16), augment.RandomWarp(180, 0.1, 0, 20, 0.3)],
    "warp by nothing": [augment.RandomWarp(fill=9)],
    "randaugment": [augment.RandAugment(1), NORMALIZE],
    "randaugment of floats": [
        augment.PadCrop(24, 2),
        augment.RandomScaleCrop(20),
        augment.RandAugment(3),
    ],
    "trivialaugment": [augment.TrivialAugment(), NORMALIZE],
    "ten crops": [augment.TenCrop(14, (14, 20, 40)), NORMALIZE],
}


def parts(batches, count):
    return [[keras.ops.convert_to_numpy(part) for part in batch] for batch in batches.take(count)]


CASES = [(name, False) for name in TRANSFORMS]  # random all the same, and not compiled by XLA
CASES += [(name, True) for name in ("pad, flip, normalise", "mix-up behind", "colour", "warp")]


# What is rounded to integers: a level, and the fraction of values that may fall to the other side.
ROUNDED = {
    "colour": (1 / 60, 1e-3),
    "colour of uint8": (1, 1e-3),
    "light": (1 / 60, 1e-3),
    "warp": (1 / 60, 1e-3),
    "randaugment": (1 / 60, 5e-3),  # the pipeline's warp is a kernel of TensorFlow's
    "randaugment of floats": (64, 5e-3),  # what follows may part two levels
    "trivialaugment": (1 / 60, 5e-3),
}


def assert_same(result, wanted, level=0, fraction=0):
    """Compare pixels, which differ by a level in a fraction of them at most."""
    assert result.dtype == wanted.dtype
    differences = np.abs(result.astype(float) - wanted)
    assert np.mean(differences > 2e-3 + 1e-5 * np.abs(wanted)) <= fraction
    assert differences.max() <= max(1.001 * level, 4e-3)


def test_a_warp_takes_its_map_as_arrays_with_images_of_any_backend():
    matrix = np.array([[[0.9, 0.2], [-0.1, 1.1]], [[1.0, 0.0], [0.0, 1.0]]])  # of float64
    arguments = (matrix, np.array([[1.5, -2.0], [0.0, 3.0]]), np.array([0.2, 0.0]))
    images = keras.ops.convert_to_tensor(PIXELS[:2])
    tensors = [keras.ops.convert_to_tensor(one, "float32") for one in arguments]
    expected = augment.functional.warp(images, *tensors, fill=9)
    result = augment.functional.warp(images, *arguments, fill=9)
    found, wanted = keras.ops.convert_to_numpy(result), keras.ops.convert_to_numpy(expected)
    np.testing.assert_array_equal(found, wanted)
    np.testing.assert_array_equal(found[1, 3:], PIXELS[1, :-3])
    np.testing.assert_array_equal(found[1, :3], 9)


@pytest.mark.parametrize("name, training", CASES)
@pytest.mark.slow
def test_batches_are_those_of_the_pipeline(name, training):
    transforms = TRANSFORMS[name]
    mixes = any(isinstance(transform, MIXES) for transform in transforms)
    options = {"training": training, "seed": 5, "start_step": 1}
    options["num_classes"] = 3 if mixes else None
    expected = augment.pipeline(IMAGES.train, transforms, 4, **options)
    batches = augment.OnDevice(transforms).batches(IMAGES.train, 4, **options)
    assert batches.steps_per_pass == expected.steps_per_pass
    pairs = list(zip(parts(batches, 7), parts(expected, 7), strict=True))
    assert len(pairs) == (7 if training else expected.steps_per_pass - 1)
    for result, wanted in pairs:
        assert_same(result[0], wanted[0], *ROUNDED.get(name, ()))
        np.testing.assert_allclose(result[1], wanted[1], atol=1e-6)


@pytest.mark.parametrize("shard", [(0, 1), (1, 3)])
@pytest.mark.traced
def test_order_of_shards_and_rests(shard):
    options = {"training": True, "seed": 9, "drop_remainder": True, "shard": shard}
    expected = augment.pipeline(IMAGES.train, [], 2, **options)
    batches = augment.OnDevice([]).batches(IMAGES.train, 2, **options)
    for result, wanted in zip(parts(batches, 9), parts(expected, 9)):
        np.testing.assert_array_equal(result[0], wanted[0])


@pytest.mark.traced
def test_weights_come_with_training_batches():
    source = IMAGES.train
    weighted = dataclasses.replace(source, weights=np.arange(len(source), dtype="float32"))
    batches = augment.OnDevice([]).batches(weighted, 4, training=True, seed=2)
    expected = augment.pipeline(weighted, [], 4, training=True, seed=2)
    for result, wanted in zip(parts(batches, 3), parts(expected, 3)):
        np.testing.assert_array_equal(result[2], wanted[2])
    assert len(parts(augment.OnDevice([]).batches(weighted, 4, training=False), 1)[0]) == 2


@pytest.mark.traced
def test_a_list_of_pairs_is_read_image_by_image():
    pairs = [(image, label % 2) for label, image in enumerate(PIXELS)]
    transforms = TRANSFORMS["pad, flip, normalise"]
    batches = augment.OnDevice(transforms).batches(pairs, 5, training=True)
    expected = augment.pipeline(pairs, transforms, 5, training=True)
    for result, wanted in zip(parts(batches, 6), parts(expected, 6)):
        np.testing.assert_allclose(result[0], wanted[0], atol=1e-5)


class Counted(list):
    """A list that counts how often an item is read."""

    read = 0

    def __getitem__(self, index):
        self.read += 1
        return super().__getitem__(index)


def test_a_list_is_read_once_for_each_image():
    pairs = Counted((image, label % 2) for label, image in enumerate(PIXELS))
    batches = augment.OnDevice([]).batches(pairs, 5, training=True)
    before = pairs.read
    assert len(parts(batches, 4)) == 4 and pairs.read - before == 4 * 5


def test_integers_and_uniform_numbers_are_the_same_bits():
    numbers = np.arange(len(SEEDS))
    for drawn, host in (
        (draws.fold(SEEDS, numbers), host_draws.fold(SEEDS, numbers)),
        (draws.fold(-7, 3), host_draws.fold(-7, 3)),
        (draws.fold(7, numbers), host_draws.fold(7, numbers)),
        (draws.uniform(SEEDS, 20), host_draws.uniform(SEEDS, 20)),
        (draws.fractions(SEEDS, 3), host_draws.fractions(SEEDS, 3)),
        (draws.integers(SEEDS, -4, 9), host_draws.integers(SEEDS, -4, 9)),
    ):
        np.testing.assert_array_equal(drawn, host)
        assert drawn.dtype.as_numpy_dtype == host.dtype


@pytest.mark.parametrize("alpha", [0.01, 0.2, 1, 5])
def test_numbers_that_take_a_logarithm_are_the_same_to_rounding(alpha):
    np.testing.assert_allclose(host_draws.normal(SEEDS, 5), draws.normal(SEEDS, 5), atol=1e-6)
    np.testing.assert_allclose(host_draws.beta(SEEDS, alpha), draws.beta(SEEDS, alpha), atol=2e-6)


@pytest.mark.parametrize("count", [1, 2, 3, 255, 256, 257, 6000, 65536, 65538, 10**6, 2**33])
@pytest.mark.slow
def test_the_permutation_is_that_of_tensorflow(count):
    tf = pytest.importorskip("tensorflow")
    indices = np.unique(RNG.integers(0, count, min(count, 999)))
    for seed in SEEDS[:3]:
        keys = np.array([[498247692, *seed]] * len(indices))
        expected = tf.raw_ops.RandomIndexShuffle(
            index=indices, seed=keys, max_index=count - 1, rounds=4
        )
        np.testing.assert_array_equal(permuted(indices, seed, count - 1), expected)


@pytest.mark.parametrize("count", [1000, 2**16, 2**16 + 1, 2**16 + 2, 2**18 + 1])
def test_a_permutation_takes_every_place_once(count):
    """Of 2^16 + 1 and 2^18 + 1 places, TensorFlow's own leaves one out and takes one twice."""
    everywhere = permuted(np.arange(count), SEEDS[0], count - 1)
    np.testing.assert_array_equal(np.sort(everywhere), np.arange(count))
    if importlib.util.find_spec("tensorflow"):
        seeds = np.broadcast_to(SEEDS[0], (count, 2))
        same = order._permuted(np.arange(count), seeds, count - 1)
        np.testing.assert_array_equal(same, everywhere)


def test_images_of_one_call_are_those_of_the_transforms():
    crop = augment.OnDevice([augment.PadCrop(24, 4)])
    images = crop(PIXELS[:5], seeds=SEEDS[:5])
    expected = augment.PadCrop(24, 4)(PIXELS[:5], draws.fold(SEEDS[:5], 0))
    np.testing.assert_array_equal(keras.ops.convert_to_numpy(images), expected)


@pytest.mark.parametrize("size", [22, 34])
def test_no_images_are_none_afterwards(size):
    change = augment.OnDevice([augment.PadCrop(size, 4), augment.RandomFlip(), NORMALIZE])
    assert tuple(change(PIXELS[:0], seeds=SEEDS[:0]).shape) == (0, size, size, 3)


SMALLER = {
    "moved": ([augment.PadCrop(24, 2), augment.RandomFlip(), NORMALIZE], 1),
    "resized": ([augment.RandomScaleCrop(16), augment.CenterCrop(14), NORMALIZE], 2),
    "mixed": ([augment.PadCrop(24, 2), augment.MixUp(1.0), augment.CutMix(), NORMALIZE], 3),
    "ten": ([augment.TenCrop(14), NORMALIZE], 1),
}


@pytest.mark.parametrize("name", SMALLER)
def test_smaller_batches_compile_nothing_and_are_what_they_are_alone(name, monkeypatch):
    transforms, count = SMALLER[name]
    compiled = count_compiled(monkeypatch)
    labels, mixes = np.eye(6, dtype="float32"), name == "mixed"
    change = augment.OnDevice(transforms)

    def changed(change, size):
        result = change(PIXELS[:size], labels[:size] if mixes else None, SEEDS[:size])
        return [keras.ops.convert_to_numpy(part) for part in (result if mixes else [result])]

    results = [changed(change, size) for size in (6, 4, 1)]
    assert len(compiled) == (0 if keras.backend.backend() == "torch" else count)
    for size, result in zip((4, 1), results[1:]):
        for part, expected in zip(result, changed(augment.OnDevice(transforms), size), strict=True):
            np.testing.assert_allclose(part, expected, atol=1e-4)


def count_compiled(monkeypatch):
    """Return a list that gets every function that is compiled."""
    compiled, compile_one = [], compiled_part.compiled_function

    def counted(function):
        compiled.append(function)
        return compile_one(function)

    monkeypatch.setattr(compiled_part, "compiled_function", counted)
    return compiled


@pytest.mark.parametrize("policy", [augment.RandAugment(1), augment.TrivialAugment()])
def test_a_policy_is_not_compiled_on_tensorflow(policy, monkeypatch):
    compiled = count_compiled(monkeypatch)
    augment.OnDevice([augment.PadCrop(8, 2), policy, NORMALIZE])(PIXELS[:2], seeds=SEEDS[:2])
    assert len(compiled) == {"tensorflow": 1, "jax": 2, "torch": 0}[keras.backend.backend()]


def test_batch_sizes_that_grow_are_no_retracing(caplog):
    logger = logging.getLogger("tensorflow")
    logger.addHandler(caplog.handler)
    try:
        flip = augment.OnDevice([augment.RandomFlip()])
        for size in range(1, 8):
            assert flip(PIXELS[:size], seeds=SEEDS[:size]).shape[0] == size
    finally:
        logger.removeHandler(caplog.handler)
    assert not caplog.messages


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda one: pickle.loads(pickle.dumps(one))])
def test_a_copy_of_what_was_used_does_the_same(copied):
    change = augment.OnDevice([augment.PadCrop(24, 4), augment.RandomFlip()])
    expected = change(PIXELS[:3], seeds=SEEDS[:3])
    result = copied(change)(PIXELS[:3], seeds=SEEDS[:3])
    np.testing.assert_array_equal(*map(keras.ops.convert_to_numpy, (result, expected)))


class Killed(keras.callbacks.Callback):
    """Raises before a step, as a kill would stop there."""

    def __init__(self, step):
        super().__init__()
        self._left = step

    def on_train_batch_begin(self, batch, logs=None):
        self._left -= 1
        if self._left < 0:
            raise KeyError("killed")


@pytest.mark.slow
def test_a_killed_fit_goes_on_bit_for_bit(tmp_path):
    device = augment.OnDevice([augment.PadCrop(26, 2), augment.RandomFlip(), NORMALIZE])

    def fit(*more):
        keras.utils.set_random_seed(1)
        layers = [keras.Input((26, 26, 3)), keras.layers.Flatten(), keras.layers.Dense(3)]
        model = keras.Sequential(layers)
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        model.compile("adam", loss, jit_compile=False)
        resume = callbacks.Resume(tmp_path / more[0], every_steps=1)
        batches = device.batches(IMAGES.train, 4, training=True, start_step=resume.step)
        held_out = device.batches(IMAGES.test, 2, training=False)
        history = model.fit(
            batches, epochs=3, steps_per_epoch=batches.steps_per_pass, validation_data=held_out,
            callbacks=[resume, *more[1:]], shuffle=False, verbose=0,
        )  # fmt: skip
        return model.get_weights(), history.history["val_loss"]

    expected, losses = fit("alone")
    with pytest.raises(KeyError, match="killed"):
        fit("killed", Killed(6))
    with pytest.raises(KeyError, match="killed"):
        fit("killed", Killed(3))
    weights, again = fit("killed")
    assert again == losses
    for result, wanted in zip(weights, expected, strict=True):
        np.testing.assert_array_equal(result, wanted)


def test_map_take_concatenate_and_length():
    batches = augment.OnDevice([]).batches(IMAGES.train, 4, training=False)
    doubled = batches.map(lambda images, labels: (images, {"a": labels, "b": labels}))
    assert set(next(iter(doubled))[1]) == {"a", "b"}
    both = batches.concatenate(batches)
    labels = np.concatenate([labels for _, labels in both])
    np.testing.assert_array_equal(labels, np.tile(IMAGES.train.labels, 2))
    assert len(both) == 2 * len(batches) == 2 * batches.steps_per_pass
    assert len(list(batches.take(2))) == 2
    assert [spec.shape for spec in batches.element_spec] == [(None, 30, 26, 3), (None,)]
    with pytest.raises(TypeError, match="never end"):
        len(augment.OnDevice([]).batches(IMAGES.train, 4, training=True))


def test_map_changes_what_was_there_before_concatenate():
    batches = augment.OnDevice([]).batches(IMAGES.train, 4, training=False)
    count = len(batches)
    ones = batches.map(lambda images, labels: (labels * 0 + 1, labels))
    both = ones.concatenate(batches.map(lambda images, labels: (labels * 0 + 2, labels)))
    three = both.concatenate(ones).map(lambda first, labels: (first * 10, {"labels": labels}))
    assert len(three) == len(list(three)) == 3 * count
    firsts = [int(first[0]) for first, _ in three]
    assert firsts == [10] * count + [20] * count + [10] * count
    np.testing.assert_array_equal(three[2 * count][1]["labels"], IMAGES.train.labels[:4])
    assert three.steps_per_pass == 3 * count
    spec = three.element_spec
    assert spec[1]["labels"].shape == (None,) and spec[0].dtype == np.int64
    assert len(list(three.as_numpy_iterator())) == 3 * count
    with pytest.raises(IndexError):
        three[3 * count]


@pytest.mark.parametrize("transform", [augment.CenterCrop(8), NORMALIZE, augment.TenCrop(8)])
def test_what_draws_nothing_needs_no_seeds(transform):
    result = augment.OnDevice([transform])(PIXELS[:2])
    expected = augment.OnDevice([transform])(PIXELS[:2], seeds=SEEDS[:2])
    np.testing.assert_array_equal(*map(keras.ops.convert_to_numpy, (result, expected)))


def colors(channels):
    """Every fifth value of red and green, seven of blue: (1, 52, 364, channels)."""
    red, green, blue = np.meshgrid(
        np.arange(0, 256, 5), np.arange(0, 256, 5), RNG.integers(256, size=7)
    )
    image = np.stack([red, green, blue, 255 - red], axis=-1).astype("uint8")
    return image.reshape(1, 52, 364, 4)[..., :channels]


@pytest.mark.parametrize("channels", [3, 4])
@pytest.mark.parametrize("dtype", ["uint8", "float32"])
def test_grey_of_colours_is_that_of_tf_image(channels, dtype):
    tf = pytest.importorskip("tensorflow")
    images = colors(channels).astype(dtype)
    grey = device_pixels.with_channels(keras.ops.convert_to_tensor(images), 1)
    expected = tf.image.rgb_to_grayscale(images[..., :3])
    assert keras.backend.standardize_dtype(grey.dtype) == dtype
    np.testing.assert_array_equal(keras.ops.convert_to_numpy(grey), expected)
    crop = augment.CenterCrop(20, channels=1)
    np.testing.assert_allclose(
        keras.ops.convert_to_numpy(augment.OnDevice([crop])(images))[0], crop(images[0]), atol=2e-3
    )


def test_auto_contrast_truncates_as_pillow_does():
    """Its float64 is just below some exact quotients: more than thirty of these images have one."""
    image_ops = pytest.importorskip("PIL.ImageOps")
    pillow = pytest.importorskip("PIL.Image")
    bounds = [(low, low + wide) for low in range(3, 60, 6) for wide in (25, 49, 105, 187, 190, 195)]
    values = np.stack([np.clip(np.arange(256), *pair) for pair in bounds]).astype("uint8")
    images = keras.ops.convert_to_tensor(values.reshape(-1, 16, 16, 1))
    result = keras.ops.convert_to_numpy(augment.functional.auto_contrast(images))
    expected = [image_ops.autocontrast(pillow.fromarray(one.reshape(16, 16))) for one in values]
    np.testing.assert_array_equal(result[..., 0], np.stack(expected))
    exact = [
        (row.astype(int) - low) * 255 // (high - low) for row, (low, high) in zip(values, bounds)
    ]
    assert np.any(np.stack(exact) != np.reshape(expected, (-1, 256)), axis=1).sum() > 30


OUT_OF_MEMORY = [
    MemoryError(),
    RuntimeError("RESOURCE_EXHAUSTED: Out of memory allocating 9 bytes.\nmore"),
    type("OutOfMemoryError", (RuntimeError,), {})("CUDA"),
    type("ResourceExhaustedError", (Exception,), {"__module__": "tensorflow"})("OOM of a shape"),
    type("InternalError", (Exception,), {"__module__": "tensorflow"})(
        "Failed copying input tensor to GPU:0: Dst tensor is not initialized."
    ),
]


def raising(error):
    def convert(values):
        raise error

    return convert


@pytest.mark.parametrize("error", OUT_OF_MEMORY, ids=lambda error: type(error).__name__)
def test_a_device_without_room_says_so(error, monkeypatch):
    module = sys.modules["kerasrecipes.augment.device_batches"]
    monkeypatch.setattr(module.ops, "convert_to_tensor", raising(error))
    with pytest.raises(MemoryError, match=r"no room for the 23 images.*Received: \S") as caught:
        augment.OnDevice([]).batches(IMAGES.train, 4, training=False)
    assert caught.value.__cause__ is error and "more" not in str(caught.value)


def test_another_error_of_the_device_is_given_as_it_is(monkeypatch):
    module = sys.modules["kerasrecipes.augment.device_batches"]
    monkeypatch.setattr(module.ops, "convert_to_tensor", raising(RuntimeError("no driver")))
    with pytest.raises(RuntimeError, match="^no driver$"):
        augment.OnDevice([]).batches(IMAGES.train, 4, training=False)


class TestErrors:
    def test_channels_that_images_do_not_have(self):
        with pytest.raises(ValueError, match="2 channels cannot be given 3"):
            augment.OnDevice([augment.CenterCrop(8, channels=3)])(PIXELS[:2, ..., :2])

    def test_batches_without_end_are_not_concatenated(self):
        batches = augment.OnDevice([]).batches(IMAGES.train, 4, training=False)
        endless = augment.OnDevice([]).batches(IMAGES.train, 4, training=True)
        for first, second in ((batches, endless), (endless, batches)):
            with pytest.raises(ValueError, match="never end"):
                first.concatenate(second)
        with pytest.raises(TypeError, match="`following`.*Received: an object of type list"):
            batches.concatenate([])

    @pytest.mark.parametrize("name", ["RandomFlip", "RandomErasing", "MixUp", "CutMix"])
    def test_what_draws_needs_seeds(self, name):
        device = augment.OnDevice([NORMALIZE if "Mix" in name else augment.CenterCrop(8),
                                   getattr(augment, name)()])  # fmt: skip
        with pytest.raises(ValueError, match=f"`seeds` must be given: {name} draws.*seeds=None"):
            device(PIXELS[:2], np.eye(2, dtype="float32"))

    @pytest.mark.parametrize("mean, std", [([1, 2, 3], 1), (1, [1, 2, 3]), ([1, 2], [1, 2])])
    def test_a_mean_of_other_channels(self, mean, std):
        grey = augment.OnDevice([augment.Normalize(mean, std)])
        with pytest.raises(ValueError, match=r"one for each channel.*shape \(2, 30, 26, 1\)"):
            grey(PIXELS[:2, ..., :1])

    def test_a_transform_without_a_form_for_a_device(self):
        with pytest.raises(ValueError, match="form for a device.*Received: DecodeImage"):
            augment.OnDevice([augment.DecodeImage()])

    def test_noise_behind_normalize(self):
        with pytest.raises(ValueError, match="RandomErasing before Normalize"):
            augment.OnDevice([NORMALIZE, augment.RandomErasing()])

    def test_images_of_several_sizes(self):
        pairs = [(np.zeros((8 + label, 8, 3), "uint8"), label) for label in range(4)]
        batches = augment.OnDevice([]).batches(pairs, 4, training=False)
        with pytest.raises(ValueError, match=r"one size.*Received: dataset\[1\] of shape \(9"):
            next(iter(batches))

    def test_encoded_images(self):
        with pytest.raises(TypeError, match="must hold pixels.*3 bytes"):
            augment.OnDevice([]).batches([(b"abc", 0)], 1, training=False)

    def test_what_cannot_be_indexed(self):
        with pytest.raises(TypeError, match="`__getitem__`.*Received: an object of type object"):
            augment.OnDevice([]).batches(object(), 1, training=False)

    @pytest.mark.parametrize("images", [np.zeros((4, 4, 3), "uint8"), np.zeros((1, 4, 4, 3), int)])
    def test_images_of_a_wrong_shape_or_dtype(self, images):
        with pytest.raises((ValueError, TypeError), match="Argument `images` must"):
            augment.OnDevice([])(images)

    @pytest.mark.parametrize("labels", [None, np.zeros(2, "float32"), np.zeros((2, 3), "int64")])
    def test_mixing_needs_one_hot_labels(self, labels):
        with pytest.raises(ValueError, match="one-hot floats"):
            augment.OnDevice([augment.MixUp()])(PIXELS[:2], labels, SEEDS[:2])

    def test_seeds_of_other_images(self):
        with pytest.raises(ValueError, match=r"shape \(2, 2\). Received: shape=\(3, 2\)"):
            augment.OnDevice([augment.RandomFlip()])(PIXELS[:2], seeds=SEEDS[:3])

    def test_labels_that_are_no_class(self):
        batches = augment.OnDevice([]).batches(IMAGES.train, 20, training=False, num_classes=2)
        with pytest.raises(ValueError, match=r"`num_classes` is 2.*Received: labels \[2, 2"):
            next(iter(batches))

    @pytest.mark.slow
    def test_an_index_behind_the_last_batch(self):
        batches = augment.OnDevice([]).batches(IMAGES.train, 4, training=False)
        with pytest.raises(IndexError):
            batches[batches.num_batches]
