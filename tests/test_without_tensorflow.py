"""Arrays are loaded, transformed, batched and trained on where TensorFlow cannot be imported."""

import importlib.util
import json
import os
import pathlib
import subprocess
import sys

import numpy as np
import pytest

from kerasrecipes import augment, data

ROOT = pathlib.Path(__file__).parent.parent
BLOCKED = "import sys; sys.modules['tensorflow'] = None\n"  # any import of it fails
OTHERS = [name for name in ("jax", "torch") if importlib.util.find_spec(name)]
TRANSFORMS = "[augment.PadCrop(28, 3), augment.RandomFlip(), augment.Normalize(70.0, 90.0)]"


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
try:
    augment.RandAugment()(images.test[0][0], seed=1)
except ImportError as error:
    print(error)
"""
    printed = run(code, backend, tmp_path / "batches.npz").splitlines()
    starts = (".: folders of image files", "tfds:mnist: data sets of", "`RandAugment`s need")
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


@pytest.mark.slow
@pytest.mark.parametrize("backend", OTHERS)
@pytest.mark.parametrize("recipe", ["resnet_crop", "group_norm_small_batch"])
def test_a_recipe_on_arrays(recipe, backend, tmp_path):
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
