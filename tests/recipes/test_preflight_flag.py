"""`--preflight`: checks before the first step of a recipe, in the folder of its run."""

import json

import numpy as np
import pytest

from tests.recipes.helpers import assert_one_line, load_recipe, run_command, write_npz

FLAGS = ("--epochs", 1, "--batch-size", 16, "--preflight")


@pytest.fixture(scope="module")
def npz(tmp_path_factory):
    return write_npz(tmp_path_factory.mktemp("images") / "squares.npz", count=96)


@pytest.mark.slow
def test_the_checks_are_written_before_a_training_that_passes(npz, tmp_path, capsys):
    folder = tmp_path / "run"
    flags = ("--data", npz, "--output", folder, "--learning-rate", 0.02, *FLAGS)
    assert run_command(load_recipe("polyak"), *flags) == 0
    report = json.loads((folder / "preflight.json").read_text())
    assert report["passed"] and len(report["checks"]) == 13
    assert (folder / "preflight.png").read_bytes().startswith(b"\x89PNG")
    assert "initial_loss" in capsys.readouterr().out
    assert json.loads((folder / "metrics.json").read_text())["steps"] == 6


@pytest.mark.slow
def test_a_failed_check_ends_a_recipe_and_the_corrected_command_runs(npz, tmp_path, capsys):
    folder, shuffled = tmp_path / "run", tmp_path / "twice.npz"
    with np.load(npz) as file:
        arrays = dict(file)
    arrays["x_test"] = arrays["x_train"][:48]  # leakage
    arrays["y_test"] = arrays["y_train"][:48]
    np.savez(shuffled, **arrays)
    recipe = load_recipe("polyak")
    flags = ("--output", folder, "--learning-rate", 0.02, "--epochs", 1, "--batch-size", 16)
    assert run_command(recipe, "--data", shuffled, *flags, "--preflight") == 2
    assert_one_line(capsys, "leakage failed")
    assert {path.name for path in folder.iterdir()} <= {"preflight.json", "preflight.png", ".lock"}
    assert run_command(recipe, "--data", npz, *flags) == 0
