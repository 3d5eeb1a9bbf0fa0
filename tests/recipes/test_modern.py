"""recipes/modern.py through its command line, on small images."""

import csv
import json
import os
import signal
import types

import keras
import numpy as np
import pytest

from kerasrecipes import augment, experiment
from kerasrecipes.evaluation import ClassesTask, mean_interval
from kerasrecipes.experiment.replicas import Replicas
from tests.recipes.helpers import (
    assert_one_line,
    load_recipe,
    run_command,
    write_folder,
    write_npz,
)
from tests.recipes.labelled_images import write_labelled

RECIPE = load_recipe("modern")
SMALL = ["--epochs", 2, "--batch-size", 16, "--augment", "trivial", "--mix", "cutmix"]
SMALL += ["--erasing", 0.1]
FEW = [
    "--schedule", "constant", "--label-smoothing", 0, "--weight-decay", 0, "--augment", "none",
    "--crops", "none", "--erasing", 0, "--stochastic-depth", 0, "--averaging", 0, "--warm-up", 0,
]  # fmt: skip
ABLATION = ["--ablate", "--seeds", 2, "--epochs", 1, "--batch-size", 16, "--mix", "cutmix"]


@pytest.fixture(scope="module")
def npz(tmp_path_factory):
    return write_npz(tmp_path_factory.mktemp("images") / "squares.npz")


@pytest.fixture(scope="module")
def finished(npz, tmp_path_factory):
    folder = tmp_path_factory.mktemp("modern") / "run"
    assert run_command(RECIPE, "--data", npz, "--output", folder, *SMALL) == 0
    return folder


def metrics_of(folder):
    return json.loads((folder / "metrics.json").read_text())


@pytest.mark.slow
def test_the_rate_rises_and_falls_and_the_model_takes_raw_pixels(finished, npz):
    rows = list(csv.DictReader((finished / "history.csv").open()))
    rates = [float(row["learning_rate"]) for row in rows]  # of steps 2 and 5 of 6, no warm-up step
    np.testing.assert_allclose(rates, [0.1 * (1 + np.cos(np.pi * k / 6)) for k in (2, 5)], 1e-5)
    metrics = metrics_of(finished)
    assert metrics["steps"] == 6 and not metrics["interrupted"]
    model = keras.models.load_model(finished / "model.keras")
    with np.load(npz) as arrays:
        right = model.predict(arrays["x_test"], verbose=0).argmax(axis=1) == arrays["y_test"]
    assert np.mean(right) == metrics["test"]["protocols"]["one crop"]["accuracy"]


@pytest.mark.soak
def test_its_settings_are_those_of_another_run(finished, tmp_path):
    flags = ["--config", finished, "--output", tmp_path / "again"]
    assert run_command(RECIPE, *flags) == 0
    assert metrics_of(tmp_path / "again")["test"]["loss"] == pytest.approx(
        metrics_of(finished)["test"]["loss"], rel=1e-5
    )


def test_every_technique_has_its_transform():
    shown = RECIPE.transforms(RECIPE.Config(augment="rand", strength=0.5, mix="mixup", erasing=0.1))
    assert [type(one) for part in shown for one in part] == [
        augment.RandAugment, augment.RandomErasing, augment.MixUp,
    ]  # fmt: skip
    assert shown[0][0].magnitude == 5.0
    off = {name: value for fields in RECIPE.OFF.values() for name, value in fields.items()}
    assert RECIPE.transforms(RECIPE.Config(**off)) == ([], [])


def test_adamw_decays_by_itself_and_sgd_by_the_loss():
    images = type("Images", (), {"channels": 1, "num_classes": 3})
    models = {}
    for name in RECIPE.RATES:
        config = RECIPE.Config(optimizer=name, epochs=2)
        run = types.SimpleNamespace(replicas=Replicas(config), jit=False)
        models[name] = RECIPE.build(config, images, ClassesTask(), 8, 5, run)
    assert models["adamw"].losses == [] and models["adamw"].optimizer.weight_decay == 0.05
    assert len(models["sgd"].losses) == 10 and models["sgd"].optimizer.nesterov
    rates = [float(models["adamw"].optimizer._learning_rate(step)) for step in range(10)]
    assert max(rates) == pytest.approx(4e-3) and rates[0] < rates[1] > rates[2]


@pytest.mark.soak
def test_a_run_that_a_signal_cuts_goes_on_as_if_it_were_not(finished, npz, tmp_path):
    def interrupt(epoch, logs):
        if epoch == 0:
            os.kill(os.getpid(), signal.SIGINT)

    flags = ["--data", npz, "--output", tmp_path / "run", *SMALL]
    with experiment.watching(interrupt):
        assert run_command(RECIPE, *flags) == 130
    assert run_command(RECIPE, *flags, "--resume") == 0
    assert (tmp_path / "run" / "history.csv").read_bytes() == (
        finished / "history.csv"
    ).read_bytes()


@pytest.mark.soak
def test_a_folder_of_images_with_adamw_and_mixup(tmp_path):
    folder = write_folder(tmp_path / "shapes")
    flags = ["--data", folder, "--size", 16, "--optimizer", "adamw", "--mix", "mixup", *SMALL]
    flags += ["--augment", "rand"]
    assert run_command(RECIPE, *flags, "--output", tmp_path / "run") == 0
    assert metrics_of(tmp_path / "run")["class_names"] == ["circle", "square"]


@pytest.mark.soak
def test_several_labels_an_image(tmp_path):
    write_labelled(tmp_path / "labelled")
    flags = ["--data", tmp_path / "labelled" / "tags.csv", "--task", "multilabel", *SMALL]
    assert run_command(RECIPE, *flags, "--output", tmp_path / "run") == 0
    assert 0 < metrics_of(tmp_path / "run")["test"]["mean_average_precision"] <= 1


@pytest.fixture(scope="module")
def ablation(npz, tmp_path_factory):
    """The folder of an ablation of mixing alone, and its metrics."""
    folder = tmp_path_factory.mktemp("ablation") / "run"
    assert run_command(RECIPE, "--data", npz, "--output", folder, *ABLATION, *FEW) == 0
    return folder, metrics_of(folder)


@pytest.mark.slow
def test_an_ablation_compares_by_seed(ablation):
    folder, metrics = ablation
    measured = metrics["ablation"]
    assert list(measured) == ["all techniques", "without mixing", "tested by mirror"]
    assert all(len(values) == 2 for one in measured.values() for values in one.values())
    assert metrics["steps"] == 12 and metrics["seconds"] > 0
    with_all, without = (measured[name]["loss"] for name in list(measured)[:2])
    assert with_all[0] != with_all[1] and with_all != without
    change = mean_interval(np.subtract(without, with_all))
    page = (folder / "report.html").read_text()
    assert f"{change.mean:+.4f}" in page and f"{change.low:+.4f} to {change.high:+.4f}" in page
    assert not (folder / "state").exists() and (folder / "ablation.png").exists()


@pytest.mark.slow
def test_the_training_of_an_ablation_is_that_of_the_command(ablation, npz, tmp_path):
    flags = ["--data", npz, "--epochs", 1, "--batch-size", 16, *FEW, "--mix", "none", "--seed", 1]
    assert run_command(RECIPE, *flags, "--output", tmp_path / "run") == 0
    stored = ablation[1]["ablation"]["without mixing"]["loss"][1]
    by_one_crop = metrics_of(tmp_path / "run")["test"]["protocols"]["one crop"]
    assert by_one_crop["loss"] == pytest.approx(stored, rel=1e-5)


@pytest.mark.soak
def test_an_ablation_that_a_signal_cuts_goes_on_where_it_was(ablation, npz, tmp_path, capsys):
    seen = []

    def interrupt(epoch, logs):
        seen.append(epoch)
        if len(seen) == 2:
            os.kill(os.getpid(), signal.SIGINT)

    flags = ["--data", npz, "--output", tmp_path / "run", *ABLATION, *FEW]
    with experiment.watching(interrupt):
        assert run_command(RECIPE, *flags) == 130
        assert "--resume --output" in capsys.readouterr().err
        assert run_command(RECIPE, *flags, "--resume") == 0
    assert len(seen) == 4
    resumed = metrics_of(tmp_path / "run")["ablation"]
    for name, values in ablation[1]["ablation"].items():
        np.testing.assert_allclose(resumed[name]["loss"], values["loss"], rtol=1e-5)


@pytest.mark.parametrize(
    "flags, words",
    [
        (["--optimizer", "adam"], "optimizer='adam'"),
        (["--depth", 12], "depth=12"),
        (["--strength", 1.5], "strength=1.5"),
        (["--seeds", 1], "seeds=1"),
        (["--seeds", 3], "needs `ablate`"),
        (["--strength", 0.5], "needs `augment`"),
        (["--mix-alpha", 0.2], "needs `mix`"),
        (["--ablate", "--seed", 2**32 - 2], "seed=4294967294, seeds=5"),
        (["--ablate", "--export", "onnx"], "not for `ablate`"),
        (["--ablate", *FEW, "--mix", "none"], "all off"),
    ],
)
@pytest.mark.slow
def test_bad_flags_end_with_one_line_and_leave_nothing(npz, tmp_path, capsys, flags, words):
    assert run_command(RECIPE, "--data", npz, "--output", tmp_path / "run", *flags) == 2
    assert_one_line(capsys, words)
    assert not (tmp_path / "run").exists()
