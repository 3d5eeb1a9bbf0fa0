"""recipes/ensemble.py through its command line, on small images."""

import json
import os
import signal

import keras
import numpy as np
import pytest

from kerasrecipes import experiment
from tests.recipes.helpers import load_recipe, run_command, write_npz

FLAGS = ["--epochs", 4, "--members", 2, "--width", 2, "--passes", 3, "--batch-size", 16]
NAMES = ["one_network", "dropout", "averaged", "snapshots", "dropout_passes", "independent"]


@pytest.fixture(scope="module")
def npz(tmp_path_factory):
    return write_npz(tmp_path_factory.mktemp("images") / "squares.npz")


@pytest.fixture(scope="module")
def finished(npz, tmp_path_factory):
    """The folder of a run, and its metrics."""
    folder = tmp_path_factory.mktemp("ensemble") / "run"
    assert run_command(load_recipe("ensemble"), "--data", npz, "--output", folder, *FLAGS) == 0
    return folder, json.loads((folder / "metrics.json").read_text())


@pytest.mark.slow
def test_every_kind_is_tested_and_compared_with_one_network(finished, npz):
    folder, metrics = finished
    tests = metrics["test"]["protocols"]
    assert list(tests) == NAMES
    assert list(metrics["paired_by_test"]) == NAMES[1:]
    assert metrics["paired"] == metrics["paired_by_test"]["independent"]
    assert set(metrics["disagreement of members"]) == {*NAMES[3:]}
    losses = metrics["loss against one network"]
    for name in NAMES[1:]:
        change = tests[name]["loss"] - tests["one_network"]["loss"]
        assert losses[name][0] == pytest.approx(change)
        assert f"{name.replace('_', ' ')}: loss" in metrics["comparison"]
    assert (folder / "comparison.png").exists()


@pytest.mark.slow
def test_the_ensemble_is_one_file_that_takes_raw_pixels(finished, npz):
    folder, metrics = finished
    model = keras.models.load_model(folder / "model.keras")
    with np.load(npz) as arrays:
        pixels, labels = arrays["x_test"], arrays["y_test"]
    right = model.predict(pixels, verbose=0).argmax(axis=1) == labels
    assert np.mean(right) == metrics["test"]["accuracy"]
    assert metrics["test"]["protocol"] == "independent"


@pytest.mark.soak
def test_a_run_that_a_signal_cuts_between_two_members_goes_on_as_if_it_were_not(
    finished, npz, tmp_path
):
    def interrupt(epoch, logs):
        if epoch == 1:
            os.kill(os.getpid(), signal.SIGINT)

    recipe, folder = load_recipe("ensemble"), tmp_path / "run"
    flags = ["--data", npz, "--output", folder, *FLAGS]
    with experiment.watching(interrupt):
        assert run_command(recipe, *flags) == 130
    assert run_command(recipe, *flags, "--resume") == 0
    resumed = json.loads((folder / "metrics.json").read_text())["test"]["protocols"]
    for name, test in finished[1]["test"]["protocols"].items():
        assert resumed[name]["loss"] == pytest.approx(test["loss"], rel=1e-5), name


def test_the_next_network_starts_afresh_where_a_member_ends():
    recipe = load_recipe("ensemble")
    config = recipe.Config(epochs=6, members=3, width=2)
    images = type("Images", (), {"channels": 1, "num_classes": 3})
    networks = {n: recipe.network(config, images, 8, n) for n in ("one_network", "independent")}
    first = [weights.copy() for weights in networks["one_network"].get_weights()]
    restart = recipe.next_network(config, images, 8, networks["independent"])
    starts = []
    for epoch in range(6):
        before = networks["independent"].get_weights()
        restart.on_epoch_end(epoch, None)
        after = networks["independent"].get_weights()
        if any(not np.array_equal(a, b) for a, b in zip(before, after)):
            starts.append(epoch)
    assert starts == [1, 3]
    kernels = [weights for weights in first if weights.ndim > 1]
    others = [weights for weights in after if weights.ndim > 1]
    assert all(not np.array_equal(a, b) for a, b in zip(kernels, others))


def test_bad_flags(npz, tmp_path, capsys):
    flags = ["--data", npz, "--epochs", 5, "--members", 2, "--output", tmp_path / "run"]
    assert run_command(load_recipe("ensemble"), *flags) == 2
    assert "multiple of `members`" in capsys.readouterr().err
    with pytest.raises(ValueError, match="serve"):
        load_recipe("ensemble").Config(serve="dropout")
