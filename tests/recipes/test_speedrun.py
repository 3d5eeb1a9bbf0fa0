"""recipes/speedrun.py through its command line, on small images."""

import csv
import json

import keras
import numpy as np
import pytest

from kerasrecipes import augment, data
from tests.recipes.helpers import assert_one_line, load_recipe, run_command, write_npz

RECIPE = load_recipe("speedrun")
SMALL = ["--epochs", 2, "--batch-size", 16, "--width", 2]


@pytest.fixture(scope="module")
def npz(tmp_path_factory):
    return write_npz(tmp_path_factory.mktemp("images") / "squares.npz")


@pytest.fixture(scope="module")
def finished(npz, tmp_path_factory):
    folder = tmp_path_factory.mktemp("speedrun") / "run"
    assert run_command(RECIPE, "--data", npz, "--output", folder, *SMALL) == 0
    return folder


@pytest.mark.slow
def test_an_epoch_is_half_of_the_images_and_their_mirror_images(finished):
    metrics = json.loads((finished / "metrics.json").read_text())
    assert metrics["steps"] == 6  # 2 · 48 images in 2 epochs of batches of 16
    assert set(metrics["test"]["protocols"]) == {"one crop", "mirror"}
    rows = list(csv.DictReader((finished / "history.csv").open()))
    assert float(rows[-1]["learning_rate"]) < 1e-5 < float(rows[0]["learning_rate"])


@pytest.mark.slow
def test_images_on_the_device_give_the_same_training(finished, npz, tmp_path):
    flags = ["--data", npz, "--output", tmp_path / "run", "--on-device", *SMALL]
    assert run_command(RECIPE, *flags) == 0
    ours, theirs = (
        [float(row["loss"]) for row in csv.DictReader((folder / "history.csv").open())]
        for folder in (tmp_path / "run", finished)
    )
    np.testing.assert_allclose(ours, theirs, rtol=1e-4)


@pytest.mark.slow
def test_the_model_takes_raw_pixels_and_its_first_kernel_is_frozen(finished, npz):
    model = keras.models.load_model(finished / "model.keras")
    with np.load(npz) as arrays:
        right = model.predict(arrays["x_test"], verbose=0).argmax(axis=1) == arrays["y_test"]
    metrics = json.loads((finished / "metrics.json").read_text())
    assert np.mean(right) == metrics["test"]["protocols"]["one crop"]["accuracy"]
    layers = model._flatten_layers()
    inner = [layer for layer in layers if layer.name == "whitening"]
    kernel, bias = inner[0].get_weights()
    assert not inner[0].trainable
    np.testing.assert_array_equal(kernel[..., :9], -kernel[..., 9:])
    np.testing.assert_array_equal(bias[:9], -bias[9:])


def test_each_image_is_there_as_it_is_and_mirrored():
    rng = np.random.default_rng(0)
    x, y = rng.integers(0, 256, (5, 12, 12, 3)).astype("uint8"), np.arange(5)
    source = data.load((x, y, x[:5], y)).train
    both = RECIPE.with_mirror_images(source, augment.CenterCrop(12, 12))
    images = np.array([both[index][0] for index in range(10)])
    np.testing.assert_array_equal(images, np.concatenate([x, x[:, :, ::-1]]))
    assert [int(both[index][1]) for index in range(10)] == [*y, *y]


def test_biases_of_normalisations_move_faster():
    config = RECIPE.Config(bias_rate=10.0, weight_decay=0.0, momentum=0.0)
    inputs = keras.Input((2,))
    outputs = keras.layers.BatchNormalization(scale=False, name="norm0_0")(inputs)
    model = keras.Model(inputs, keras.layers.Dense(1, name="head")(outputs))
    optimizer = RECIPE.optimizer_of(config, model, 0.5)
    before = [keras.ops.convert_to_numpy(weight) for weight in model.trainable_variables]
    optimizer.build(model.trainable_variables)
    optimizer.apply([keras.ops.ones_like(weight) for weight in model.trainable_variables])
    for weight, start in zip(model.trainable_variables, before):
        step = 0.5 * (10 if weight.name == "beta" else 1)
        np.testing.assert_allclose(keras.ops.convert_to_numpy(weight), start - step, rtol=1e-5)


@pytest.mark.slow
def test_weights_of_images_are_bad_input(tmp_path, capsys):
    keras.utils.save_img(tmp_path / "a.png", np.zeros((12, 12, 1)), scale=False)
    table = "image,label,split,sample_weight\n"
    table += "".join(f"a.png,{n % 2},{split},1\n" for split in ("train", "test") for n in range(4))
    (tmp_path / "table.csv").write_text(table)
    capsys.readouterr()
    flags = ["--data", tmp_path / "table.csv", "--output", tmp_path / "run", *SMALL]
    with pytest.warns(UserWarning):
        assert run_command(RECIPE, *flags) == 2
    assert_one_line(capsys, "images with weights")
