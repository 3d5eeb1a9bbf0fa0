"""Arrays are loaded, transformed, batched and trained on where TensorFlow cannot be imported."""

import importlib.util
import json
import os
import pathlib
import subprocess
import sys
import warnings

import numpy as np
import pytest

from kerasrecipes import augment, data

ROOT = pathlib.Path(__file__).parent.parent
BLOCKED = "import sys; sys.modules['tensorflow'] = None\n"  # any import of it fails
OTHERS = [name for name in ("jax", "torch") if importlib.util.find_spec(name)]
TRANSFORMS = "[augment.PadCrop(28, 3), augment.RandomFlip(), augment.Normalize(70.0, 90.0)]"


PIXELS = np.random.default_rng(8).integers(0, 256, (7, 12, 10, 3), np.uint8)
SEEDS = np.array([[0, 1], [0, 2]])
PAIRS = [(image, index % 3) for index, image in enumerate(PIXELS)]


@pytest.fixture
def hidden(monkeypatch):
    """TensorFlow counts as missing wherever the package asks."""
    for name, module in list(sys.modules.items()):
        if name.startswith("kerasrecipes.") and "has_tensorflow" in vars(module):
            monkeypatch.setattr(module, "has_tensorflow", lambda: False)


def run(code, backend, *arguments):
    """Run Python code without TensorFlow, and return what it printed."""
    environment = {**os.environ, "KERAS_BACKEND": backend, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", BLOCKED + code, *map(str, arguments)]
    done = subprocess.run(
        command, env=environment, cwd=ROOT, capture_output=True, text=True, timeout=900
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.parametrize("backend", OTHERS)
@pytest.mark.slow
def test_batches_are_those_with_tensorflow(backend, tmp_path):
    code = f"""
import numpy as np
from kerasrecipes import augment, data
images = data.load("fashion_mnist_sample")
assert images.train[3][0].shape == (28, 28, 1)
batches = augment.pipeline(images.train, {TRANSFORMS}, 64, training=True, start_step=90)
pairs = list(batches.take(6).__iter__())
np.savez(sys.argv[1], *[np.asarray(part) for pair in pairs for part in pair])
crop = np.asarray(augment.CenterCrop(20)(images.test[0][0]))
assert crop.shape == (20, 20, 1) and 0 < crop.mean() < 255
for source in (".", "tfds:mnist"):
    try:
        data.load(source)
    except ImportError as error:
        print(error)
assert augment.RandAugment()(images.test[0][0], seed=1).dtype == np.uint8
try:
    augment.CenterCrop(20)(b"encoded")
except ImportError as error:
    print(error)
"""
    printed = run(code, backend, tmp_path / "batches.npz").splitlines()
    starts = (".: folders of image files", "tfds:mnist: data sets of", "Encoded images need")
    assert len(printed) == 3
    for line, start in zip(printed, starts):
        assert line.startswith(start) and "pip install 'kerasrecipes[cpu]'" in line
    images = data.load("fashion_mnist_sample")
    transforms = eval(TRANSFORMS)
    batches = augment.pipeline(images.train, transforms, 64, training=True, start_step=90)
    expected = [part for pair in batches.take(6) for part in pair]
    with np.load(tmp_path / "batches.npz") as stored:
        for result, wanted in zip(stored.values(), expected, strict=True):
            np.testing.assert_allclose(result, wanted, atol=1e-5)


@pytest.mark.usefixtures("hidden")
class TestChecksOfThePipeline:
    """The checks that `pipeline` makes with TensorFlow are made without it."""

    @pytest.mark.parametrize("transform", [augment.DecodeImage(), lambda image, seed: image])
    def test_a_transform_without_a_form_names_the_extra(self, transform):
        with pytest.raises(ImportError, match=r"Transforms such as `.*pip install 'kerasrecipes"):
            augment.pipeline(PAIRS, [augment.CenterCrop(8), transform], 2, training=False)

    @pytest.mark.slow
    def test_pixels_as_uint8(self):
        transforms = [augment.RandomScaleCrop(8), augment.RandomFlip()]
        arguments = (PAIRS, transforms, 3, True)
        plain = augment.pipeline(*arguments).take(4)
        rounded = augment.pipeline(*arguments, dtype="uint8").take(4)
        for (images, _), (found, _) in zip(plain, rounded, strict=True):
            expected = np.clip(np.rint(np.asarray(images)), 0, 255)
            assert np.asarray(found).dtype == "uint8"
            np.testing.assert_array_equal(np.asarray(found), expected)
        with pytest.raises(ValueError, match="PixelScaling"):
            augment.pipeline(PAIRS, [augment.Normalize(1, 1)], 3, True, dtype="uint8")

    def test_images_of_several_sizes_name_the_extra(self):
        pairs = [*PAIRS[:2], (PIXELS[0, 1:], 0)]
        with pytest.raises(ImportError, match=r"several sizes need.*pip install 'kerasrecipes"):
            list(augment.pipeline(pairs, [augment.CenterCrop(8)], 2, training=False))

    def test_images_of_another_dtype(self):
        pairs = [*PAIRS[:2], (PIXELS[0].astype("float32"), 0)]
        with pytest.raises(ValueError, match=r"one dtype.*Received: dataset\[2\].*float32"):
            list(augment.pipeline(pairs, [], 3, training=False))

    def test_float_images_that_never_exceed_1(self):
        source = [(PIXELS[0] / np.float32(255), 0)]
        with pytest.warns(UserWarning, match="never exceed 1.*multiply by 255") as caught:
            augment.pipeline(source, [], 1, training=False)
        assert caught[0].filename == __file__
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            augment.pipeline(source, [augment.Normalize(0.5, 0.5)], 1, training=False)

    def test_threads_have_no_effect(self):
        with pytest.warns(UserWarning, match="`threads` has no effect.*threads=3"):
            augment.pipeline(PAIRS, [], 3, True, threads=3)

    def test_a_size_of_a_buffer(self):
        with pytest.warns(UserWarning, match="is no buffer.*Received: shuffle=5000"):
            augment.pipeline(PAIRS, [], 2, training=True, shuffle=5000)

    def test_images_that_are_no_pixels(self):
        with pytest.raises(TypeError, match="`dataset` must hold pixels as uint8.*int64"):
            augment.pipeline([(PIXELS[0].astype("int64"), 0)], [], 1, training=False)

    @pytest.mark.parametrize("transforms", [
        [augment.MixUp(), augment.RandomResizedCrop(8)], [augment.CutMix(), augment.CenterCrop(8)],
    ])  # fmt: skip
    def test_mixing_before_the_last_crop(self, transforms):
        with pytest.raises(ValueError, match="mix images at its end"):
            augment.pipeline(PAIRS, transforms, 2, training=True, num_classes=3)

    def test_mixing_of_several_crops(self):
        transforms = [augment.TenCrop(8), augment.MixUp()]
        with pytest.raises(ValueError, match="must not mix images behind TenCrop"):
            augment.pipeline(PAIRS, transforms, 2, training=False, num_classes=3)

    @pytest.mark.parametrize("transform", [augment.CenterCrop(8), augment.TenCrop(8)])
    def test_a_crop_of_several_crops(self, transform):
        with pytest.raises(ValueError, match="which takes one image, behind ShiftedCrops"):
            augment.pipeline(PAIRS, [augment.ShiftedCrops(9), transform], 2, training=False)

    @pytest.mark.parametrize("label", [np.eye(3)[1], 0.5, [1, 2]])
    def test_labels_that_cannot_be_made_one_hot(self, label):
        with pytest.raises(ValueError, match="`num_classes` makes integer labels one-hot"):
            augment.pipeline([(PIXELS[0], label)], [], 1, training=False, num_classes=3)

    @pytest.mark.parametrize("num_classes, shape", [(None, (3,)), (3, (3, 3))])
    def test_integer_labels_of_one_number(self, num_classes, shape):
        pairs = [(image, np.array([label])) for image, label in PAIRS]
        batches = augment.pipeline(pairs, [], 3, training=False, num_classes=num_classes)
        assert next(iter(batches))[1].shape == shape

    def test_labels_have_the_dtype_of_the_first(self):
        pairs = [(PIXELS[0], 0.5), (PIXELS[1], 1)]
        labels = next(iter(augment.pipeline(pairs, [], 2, training=False)))[1]
        assert labels.dtype == np.float32


@pytest.mark.usefixtures("hidden")
class TestDirectCalls:
    """A transform called on an array checks it as it does with TensorFlow."""

    @pytest.mark.parametrize("transform", [
        augment.PadCrop(8), augment.CenterCrop(8), augment.Normalize(1, 1), augment.RandomErasing(),
    ])  # fmt: skip
    @pytest.mark.parametrize("dtype", ["int64", "uint16", "bool"])
    def test_pixels_of_another_dtype(self, transform, dtype):
        with pytest.raises(TypeError, match=f"`image` must hold pixels as uint8.*{dtype}"):
            transform(PIXELS[0].astype(dtype), seed=1)

    @pytest.mark.parametrize("name", ["CenterCrop", "TenCrop", "ShiftedCrops", "RandomScaleCrop",
                                      "RandomResizedCrop"])  # fmt: skip
    def test_crops_take_one_image(self, name):
        with pytest.raises(ValueError, match=r"shape \(height, width, channels\).*shape=\(2, 12"):
            getattr(augment, name)(8)(PIXELS[:2], SEEDS)

    def test_a_seed_that_is_not_used_may_be_none(self):
        np.testing.assert_array_equal(
            augment.CenterCrop(8)(PIXELS[0], None), augment.CenterCrop(8)(PIXELS[0])
        )
        with pytest.raises(ValueError, match="`seed` must be given: PadCrop"):
            augment.PadCrop(8)(PIXELS[0])


def test_mixing_of_several_crops_is_refused_with_tensorflow_too():
    transforms = [augment.TenCrop(8), augment.MixUp()]
    with pytest.raises(ValueError, match="must not mix images behind TenCrop"):
        augment.pipeline(PAIRS, transforms, 2, training=False, num_classes=3)


@pytest.mark.parametrize("backend", OTHERS)
@pytest.mark.parametrize(
    "recipe",
    [
        pytest.param("resnet_crop", marks=pytest.mark.slow),
        pytest.param("group_norm_small_batch", marks=pytest.mark.soak),
    ],
)
def test_a_recipe_on_arrays(recipe, backend, tmp_path):
    if (recipe, backend) == ("resnet_crop", "jax"):
        pytest.skip("CI runs it where TensorFlow is not installed")
    sample = np.load(ROOT / "kerasrecipes" / "data" / "fashion_mnist_sample.npz")
    parts = {name: sample[name][:: 10 if "test" in name else 20] for name in sample.files[:4]}
    np.savez(tmp_path / "small.npz", **parts)
    code = f"""
import runpy
sys.argv = ["{recipe}.py", "--data", sys.argv[1], "--epochs", "1", "--output", sys.argv[2]]
sys.path.insert(0, "recipes")
runpy.run_path("recipes/{recipe}.py", run_name="__main__")
"""
    run(code, backend, tmp_path / "small.npz", tmp_path / "run")
    metrics = json.loads((tmp_path / "run" / "metrics.json").read_text())
    assert 0 <= metrics["test"]["accuracy"] <= 1
