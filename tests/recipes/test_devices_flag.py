"""`--devices 2`: a recipe from its command on two devices, in one process or in one each."""

import csv
import json
import os
import subprocess
import sys

import keras
import numpy as np
import pytest

from tests import jax_job
from tests.recipes.helpers import ROOT, load_recipe, run_command, write_npz

BACKEND = keras.backend.backend()
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(BACKEND == "torch", reason="its devices are processes: test_torchrun.py"),
]


@pytest.fixture(scope="module")
def flags(tmp_path_factory):
    npz = write_npz(tmp_path_factory.mktemp("data") / "squares.npz", size=8)
    flags = ["--data", npz, "--epochs", 1, "--batch-size", 12, "--learning-rate", 0.02]
    return list(map(str, flags))


@pytest.fixture(scope="module")
def alone(flags, tmp_path_factory):
    """The folder of the run on one device."""
    folder = tmp_path_factory.mktemp("alone") / "run"
    assert run_command(load_recipe("polyak"), *flags, "--output", folder) == 0
    return folder


def history(folder):
    with open(folder / "history.csv") as file:
        (row,) = csv.DictReader(file)
    return {name: float(value) for name, value in row.items()}


def assert_equal(folder, alone):
    assert {path.name for path in folder.iterdir()} == {path.name for path in alone.iterdir()}
    found, expected = history(folder), history(alone)
    assert found.keys() == expected.keys()
    for name in expected:
        np.testing.assert_allclose(found[name], expected[name], rtol=1e-3, err_msg=name)
    tested = [json.loads((one / "metrics.json").read_text())["test"] for one in (folder, alone)]
    np.testing.assert_allclose(tested[0]["loss"], tested[1]["loss"], rtol=1e-3)


def test_a_recipe_on_two_devices_of_a_process(flags, alone, tmp_path):
    folder = tmp_path / "run"
    strategy = {"tensorflow": "mirrored", "jax": "jax"}[BACKEND]
    command = [sys.executable, "recipes/polyak.py", *flags, "--output", folder]
    done = subprocess.run(
        [*command, "--devices", "2", "--strategy", strategy],
        cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    assert "2 devices of kind CPU" in done.stdout
    assert_equal(folder, alone)


@pytest.mark.skipif(BACKEND != "jax", reason="the processes are JAX's")
def test_a_recipe_in_two_processes(flags, alone, tmp_path):
    folder = tmp_path / "run"
    command = [*flags, "--output", folder, "--devices", "2", "--strategy", "jax"]
    texts = jax_job.outputs(jax_job.start("recipes/polyak.py", [command] * 2))
    assert "Report:" in texts[0] and "Report:" not in texts[1]
    assert_equal(folder, alone)
