"""The recipe resnet_crop through its command line, on small images."""

import csv
import dataclasses
import json
import os
import re
import signal
import subprocess
import sys
import warnings

import keras
import numpy as np
import pytest
from PIL import Image

from tests.recipes.helpers import (
    PHOTOS,
    ROOT,
    assert_one_line,
    load_recipe,
    names_in,
    run_command,
    write_folder,
    write_npz,
)

FILES = {
    "config.json", "metrics.json", "history.csv", "history.png", "samples.png", "confusion.png",
    "right.png", "mistakes.png", "report.html", "model.keras", "MODEL_CARD.md",
}  # fmt: skip
RECIPE = load_recipe("resnet_crop")


@pytest.fixture(scope="module")
def npz(tmp_path_factory):
    return write_npz(tmp_path_factory.mktemp("images") / "squares.npz")


@pytest.fixture(scope="module")
def finished(npz, tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs") / "run"
    flags = ["--data", npz, "--epochs", 2, "--batch-size", 16, "--output", folder]
    assert run_command(RECIPE, *flags, "--tensorboard", "--clip-norm", 1.0) == 0
    return folder


def test_the_folder_holds_everything(finished):
    assert names_in(finished) == FILES | {"tensorboard"}
    metrics = json.loads((finished / "metrics.json").read_text())
    facts = metrics["model"]
    assert facts["multiply_adds"] > facts["parameters"] > 1000 and facts["latency_ms"] > 0
    card = (finished / "MODEL_CARD.md").read_text()
    assert f"{facts['parameters']:,}" in card and "license: unknown" in card
    assert "Multiply-adds of one image" in (finished / "report.html").read_text()
    assert metrics["seed"] == 0 and metrics["steps"] == 6 and metrics["seconds"] > 0
    assert metrics["config"]["epochs"] == 2 and metrics["config"]["clip_norm"] == 1.0
    assert metrics["versions"]["keras"] == keras.version()
    assert not metrics["interrupted"]
    assert set(metrics["test"]["protocols"]) == {"one crop", "mirror"}
    assert metrics["test"]["images"] == 24 and 0 <= metrics["test"]["accuracy"] <= 1


def test_history_has_a_row_an_epoch_with_the_rate(finished):
    rows = list(csv.DictReader((finished / "history.csv").open()))
    assert [row["epoch"] for row in rows] == ["1", "2"]
    assert {"loss", "accuracy", "val_loss", "val_accuracy", "learning_rate"} < set(rows[0])
    fall = (1 - np.cos(np.pi * (2 - 0.8) / (5 - 0.8))) / 2  # 6 steps, the peak at 0.3 · 6 - 1
    last = 0.2 / 25 / 1e4
    assert float(rows[0]["learning_rate"]) == pytest.approx(0.2 * (1 - fall) + last * fall)
    assert float(rows[1]["learning_rate"]) == pytest.approx(last)


def test_what_must_be_beaten_stands_beside_it(finished, capsys):
    baselines = json.loads((finished / "metrics.json").read_text())["baselines"]
    assert set(baselines) == {"5 nearest neighbours", "linear softmax", "linear SVM"}
    assert baselines["5 nearest neighbours"] == 1.0  # brightness tells the class
    page = (finished / "report.html").read_text()
    assert "Simple classifiers on the pixels" in page and "linear SVM" in page


@pytest.mark.parametrize(
    "crops, tests",
    [
        ("none", {"one crop", "mirror"}),
        ("pad", {"one crop", "mirror", "mirror and shifts"}),
        ("scale", {"centre crop", "ten-crop", "ten-crop at 5 scales"}),
    ],
)
@pytest.mark.slow
def test_every_kind_of_crops_trains_and_is_tested(npz, tmp_path, crops, tests):
    flags = ["--data", npz, "--epochs", 1, "--batch-size", 16, "--crops", crops]
    if crops == "pad":
        flags += ["--padding", 2]
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="crops='scale'")
        assert run_command(RECIPE, *flags, "--averaging", 0, "--output", tmp_path / "run") == 0
    metrics = json.loads((tmp_path / "run" / "metrics.json").read_text())
    assert set(metrics["test"]["protocols"]) == tests
    model = keras.models.load_model(tmp_path / "run" / "model.keras")
    with np.load(npz) as arrays:
        found = model.predict(arrays["x_test"], verbose=0).argmax(axis=1)
        first = next(iter(metrics["test"]["protocols"].values()))
        assert np.mean(found == arrays["y_test"]) == first["accuracy"]


def test_pictures_and_report(finished):
    for name in ("history", "samples", "confusion", "mistakes", "right"):
        with Image.open(finished / f"{name}.png") as image:
            assert max(image.size) > 200 and min(image.size) > 50
    page = (finished / "report.html").read_text()
    assert page.count("data:image/png;base64,") == 5
    assert not re.search(r"""\b(src|href)=["'](?!data:)""", page)


def test_the_saved_model_takes_raw_pixels(finished, npz):
    with np.load(npz) as arrays:
        images, labels = arrays["x_test"], arrays["y_test"]
    model = keras.models.load_model(finished / "model.keras")
    probabilities = model.predict(images, verbose=0)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, atol=1e-5)
    metrics = json.loads((finished / "metrics.json").read_text())["test"]["protocols"]
    metrics = metrics["one crop"]
    assert np.mean(probabilities.argmax(axis=1) == labels) == metrics["accuracy"]
    loss = -np.mean(np.log(probabilities[np.arange(len(labels)), labels]))
    assert loss == pytest.approx(metrics["loss"], rel=1e-4)
    larger = np.repeat(np.repeat(images, 3, axis=1), 3, axis=2)
    assert model.predict(larger, verbose=0).shape == (24, 3)


def test_a_finished_run_is_left_as_it_is(finished, npz, capsys):
    before = {path: path.stat().st_mtime_ns for path in finished.iterdir()}
    flags = ["--data", npz, "--epochs", 2, "--batch-size", 16, "--output", finished]
    assert run_command(RECIPE, *flags, "--clip-norm", 1.0, "--resume") == 0
    assert "finished run" in capsys.readouterr().out
    assert before == {path: path.stat().st_mtime_ns for path in finished.iterdir()}


@pytest.mark.slow
def test_a_folder_of_jpeg_and_png_with_a_broken_file(tmp_path, capsys):
    folder = write_folder(tmp_path / "shapes")
    whole = (folder / "circle" / "004.jpg").read_bytes()
    (folder / "circle" / "004.jpg").write_bytes(whole[: len(whole) // 2])
    Image.new("CMYK", (30, 30)).save(folder / "square" / "100.jpg")
    Image.fromarray(np.zeros((30, 30), "uint16")).save(folder / "square" / "101.png")
    flags = ["--data", folder, "--epochs", 1, "--batch-size", 8, "--size", 16]
    with pytest.warns(UserWarning, match="004.jpg"):
        assert run_command(RECIPE, *flags, "--output", tmp_path / "run") == 0
    metrics = json.loads((tmp_path / "run" / "metrics.json").read_text())
    skipped = {os.path.basename(path) for path, _ in metrics["skipped"]}
    assert skipped == {"004.jpg"}  # CMYK and 16 bits are read
    assert sum(metrics["sizes"]) == 25
    assert "1 bad image was skipped" in capsys.readouterr().out
    assert run_command(RECIPE, *flags, "--strict", "--output", tmp_path / "strict") == 2
    assert_one_line(capsys, "004.jpg")
    assert not (tmp_path / "strict").exists()


@pytest.mark.skipif(not PHOTOS.is_dir(), reason="no photos beside the repository")
@pytest.mark.slow
def test_photos_of_many_sizes(tmp_path):
    for number, path in enumerate(sorted(PHOTOS.glob("*.jpg"))[:24]):
        folder = tmp_path / "photos" / f"class{number % 2}"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / path.name).write_bytes(path.read_bytes())
    flags = ["--data", tmp_path / "photos", "--epochs", 1, "--batch-size", 8, "--size", 32]
    assert run_command(RECIPE, *flags, "--output", tmp_path / "run") == 0
    model = keras.models.load_model(tmp_path / "run" / "model.keras")
    assert model.predict(np.zeros((1, 50, 70, 3), "uint8"), verbose=0).shape == (1, 2)


def bad_data(tmp_path):
    """Name of a bad source -> (source, words of the error)."""
    (tmp_path / "file.txt").write_text("not images")
    (tmp_path / "one" / "only").mkdir(parents=True)
    Image.new("RGB", (20, 20)).save(tmp_path / "one" / "only" / "a.png")
    (write_folder(tmp_path / "empty", per_class=2) / "nothing").mkdir()
    labels = np.arange(48) % 3
    return {
        "missing": (tmp_path / "missing.npz", "missing.npz"),
        "text": (tmp_path / "file.txt", "file.txt"),
        "single class": (tmp_path / "one", "class"),
        "empty class": (tmp_path / "empty", "nothing"),
        "labels": (write_npz(tmp_path / "l.npz", y_train=labels - 1), "label"),
        "lengths": (write_npz(tmp_path / "n.npz", y_train=labels[:-1]), "47"),
        "name": ("fashion_mnist_simple", "fashion_mnist_simple"),
    }


@pytest.mark.parametrize(
    "name", ["missing", "text", "single class", "empty class", "labels", "lengths", "name"]
)
def test_bad_data_ends_with_one_line_and_leaves_nothing(name, tmp_path, capsys):
    source, words = bad_data(tmp_path)[name]
    assert run_command(RECIPE, "--data", source, "--output", tmp_path / "run") == 2
    assert_one_line(capsys, words)
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    "flags, words",
    [
        (["--epochs", 0], "epochs=0"),
        (["--epochs", "many"], "--epochs"),
        (["--depth", 9], "depth=9"),
        (["--momentum", 1.0], "momentum=1.0"),
        (["--precision", "float8"], "precision='float8'"),
        (["--normalization", "local"], "normalization='local'"),
        (["--learning-rate", "nan"], "learning_rate=nan"),
        (["--resume"], "output"),
        (["--colour"], "--colour"),
        (["--crops", "random"], "crops='random'"),
        (["--padding", -1], "padding=-1"),
        (["--averaging", 1.0], "averaging=1.0"),
        (["--label-smoothing", 1.0], "label_smoothing=1.0"),
        (["--output", __file__], "folder"),
        (["--output", "x" * 300], "xxx"),
        (["--data", "./" + "x" * 300], "xxx"),
        (["--data", "~nosuchuser/x"], "~nosuchuser"),
    ],
)
@pytest.mark.slow
def test_bad_flags_end_with_one_line(flags, words, capsys):
    assert run_command(RECIPE, *flags) == 2
    assert_one_line(capsys, words)


def test_another_configuration_is_not_resumed(finished, npz, capsys):
    flags = ["--data", npz, "--epochs", 3, "--batch-size", 16, "--output", finished]
    assert run_command(RECIPE, *flags, "--clip-norm", 1.0, "--resume") == 2
    assert_one_line(capsys, "epochs=2")
    assert run_command(RECIPE, *flags, "--clip-norm", 1.0) == 2
    assert_one_line(capsys, "--resume")


@pytest.mark.soak
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_signal_completes_the_folder_and_resume_ends_as_if_it_had_not_been(npz, tmp_path, number):
    flags = ["--data", npz, "--epochs", "6", "--batch-size", "8"]
    whole, cut = tmp_path / "whole", tmp_path / "cut"
    command = [sys.executable, str(ROOT / "recipes" / "resnet_crop.py"), *flags]
    environment = {**os.environ, "PYTHONUNBUFFERED": "1", "CUDA_VISIBLE_DEVICES": "-1"}
    process = subprocess.Popen(
        [*command, "--output", str(cut)], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        text=True, env=environment,
    )  # fmt: skip
    for line in process.stdout:
        if line.startswith("epoch 2/6"):
            process.send_signal(number)
            break
    _, errors = process.communicate(timeout=300)
    assert process.returncode == 128 + number, errors
    assert f"--resume --output {cut}" in errors and "Traceback" not in errors
    assert names_in(cut) == FILES | {"state"}
    metrics = json.loads((cut / "metrics.json").read_text())
    assert metrics["interrupted"] and metrics["steps"] < 36
    rows = list(csv.DictReader((cut / "history.csv").open()))
    assert [int(row["epoch"]) for row in rows] == list(range(1, 1 + metrics["steps"] // 6))
    assert run_command(RECIPE, *flags, "--resume", "--output", cut) == 0
    assert run_command(RECIPE, *flags, "--output", whole) == 0
    assert (whole / "history.csv").read_bytes() == (cut / "history.csv").read_bytes()
    models = [keras.models.load_model(folder / "model.keras") for folder in (whole, cut)]
    for one, other in zip(*(model.get_weights() for model in models), strict=True):
        np.testing.assert_array_equal(one, other)
    assert names_in(cut) == FILES


@pytest.mark.soak
def test_tensorflow_datasets(tmp_path):
    tfds = pytest.importorskip("tensorflow_datasets")
    with tfds.testing.mock_data(num_examples=24):
        flags = ["--data", "tfds:mnist", "--epochs", 1, "--batch-size", 8, "--size", 12]
        assert run_command(RECIPE, *flags, "--output", tmp_path / "run") == 0
    metrics = json.loads((tmp_path / "run" / "metrics.json").read_text())
    assert len(metrics["class_names"]) == 10 and metrics["steps"] == 3


def test_images_are_read_as_the_flags_say():
    options = {
        "seed": 3, "strict": True, "class_depth": 2, "exif": "ignore", "image_column": "a",
        "label_column": "b", "split_column": "c", "train_images": 7,
    }  # fmt: skip
    assert RECIPE.Config(**options).data_options().items() >= options.items()
    with pytest.raises(ValueError, match="class_depth=3"):
        RECIPE.Config(class_depth=3)


@pytest.mark.parametrize("name", RECIPE.OFF)
def test_each_part_of_the_ablation_can_be_switched_off(name):
    changed = dataclasses.replace(RECIPE.Config(), **RECIPE.OFF[name])
    assert changed != RECIPE.Config() or name == "stochastic depth"
