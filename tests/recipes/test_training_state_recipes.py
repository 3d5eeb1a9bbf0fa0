"""The recipes of warm restarts, snapshots and averages through their command line."""

import csv
import json

import keras
import numpy as np
import pytest

from tests.recipes.helpers import load_recipe, run_command, write_npz

PROTOCOLS = {
    "sgdr": {"step_decay", "warm_restarts"},
    "snapshot_ensemble": {"last_snapshot", "ensemble"},
    "polyak": {"raw_weights", "averaged"},
}
FLAGS = {
    "sgdr": ["--epochs", 3],
    "snapshot_ensemble": ["--epochs", 2, "--cycles", 2],
    "polyak": ["--epochs", 2, "--decay", 0.9, "--learning-rate", 0.01],
}


@pytest.fixture(scope="module")
def npz(tmp_path_factory):
    return write_npz(tmp_path_factory.mktemp("images") / "squares.npz")


@pytest.fixture(scope="module", params=PROTOCOLS)
def finished(request, npz, tmp_path_factory):
    """The name of a recipe and the folder of a run of it."""
    name = request.param
    folder = tmp_path_factory.mktemp(name) / "run"
    flags = ["--data", npz, "--batch-size", 16, "--output", folder, *FLAGS[name]]
    assert run_command(load_recipe(name), *flags) == 0
    return name, folder


@pytest.mark.slow
def test_both_sides_are_tested_and_the_model_takes_raw_pixels(finished):
    name, folder = finished
    metrics = json.loads((folder / "metrics.json").read_text())
    tests = metrics["test"]["protocols"]
    assert set(tests) == PROTOCOLS[name]
    assert all(0 <= test["accuracy"] <= 1 and test["loss"] > 0 for test in tests.values())
    assert metrics["comparison"]
    model = keras.models.load_model(folder / "model.keras")
    pixels = np.random.default_rng(0).integers(0, 256, (2, 12, 12, 1)).astype("float32")
    np.testing.assert_allclose(model.predict(pixels, verbose=0).sum(axis=1), 1, rtol=1e-4)


@pytest.mark.slow
def test_what_is_particular_to_each(finished):
    name, folder = finished
    metrics = json.loads((folder / "metrics.json").read_text())
    rows = list(csv.DictReader((folder / "history.csv").open()))
    column = "learning_rate_warm_restarts" if name == "sgdr" else "learning_rate"
    rates = [float(row[column]) for row in rows]
    if name == "sgdr":  # 3 steps an epoch, cycles of 3 and 6 steps: the last rate of each epoch
        expected = [0.05 * (1 + np.cos(np.pi * x)) / 2 for x in (2 / 3, 2 / 6, 5 / 6)]
        np.testing.assert_allclose(rates, expected, rtol=1e-5)
        decayed = [float(row["learning_rate_step_decay"]) for row in rows]  # from steps 2, 5, 7
        np.testing.assert_allclose(decayed, [0.01, 0.002, 0.0004], rtol=1e-5)
    elif name == "snapshot_ensemble":
        assert metrics["snapshots"] == [1, 2]
        np.testing.assert_allclose(rates, 0.2 * (1 + np.cos(np.pi * 2 / 3)) / 2, rtol=1e-5)
    else:
        tests = metrics["test"]["protocols"]
        assert tests["raw_weights"]["loss"] != tests["averaged"]["loss"]
        np.testing.assert_allclose(rates, 0.01, rtol=1e-6)


@pytest.mark.slow
def test_a_finished_run_is_left_alone(finished):
    name, folder = finished
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    config = json.loads((folder / "config.json").read_text())["config"]
    flags = ["--data", config["data"], "--batch-size", 16, "--output", folder, *FLAGS[name]]
    assert run_command(load_recipe(name), *flags, "--resume") == 0
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def test_cycles_that_do_not_divide_the_epochs_are_bad_input(npz, tmp_path, capsys):
    flags = ["--data", npz, "--epochs", 5, "--cycles", 2, "--output", tmp_path / "run"]
    assert run_command(load_recipe("snapshot_ensemble"), *flags) == 2
    assert "multiple of `cycles`" in capsys.readouterr().err
    assert not (tmp_path / "run").exists()


@pytest.mark.slow
def test_the_mean_of_the_weights_of_the_last_epochs(npz, tmp_path):
    recipe, folder = load_recipe("polyak"), tmp_path / "run"
    flags = ["--data", npz, "--batch-size", 16, "--output", folder, "--average", "equal"]
    seen = []
    make = recipe.average

    def watched(config, compared):
        seen.append(make(config, compared))
        return seen[0]

    recipe.average = watched
    assert run_command(recipe, *flags, "--epochs", 5, "--learning-rate", 0.01) == 0
    assert seen[0].start_epoch == 2 and seen[0].count == 3
    tests = json.loads((folder / "metrics.json").read_text())["test"]["protocols"]
    assert set(tests) == PROTOCOLS["polyak"]
    assert tests["raw_weights"]["loss"] != tests["averaged"]["loss"]
