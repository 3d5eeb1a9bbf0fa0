"""A recipe from its command in two processes of `torchrun`, against one process."""

import csv
import json
import os
import subprocess
import sys

import keras
import numpy as np
import pytest

from tests.recipes.helpers import ROOT, write_npz

pytestmark = pytest.mark.skipif(keras.backend.backend() != "torch", reason="processes of PyTorch")
TORCHRUN = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]


POLYAK = ["--epochs", "2", "--batch-size", "12", "--learning-rate", "0.02"]
BOTH = ["--devices", "2", "--strategy", "torch"]
MORE = {
    "modern": ["--epochs", "1", "--batch-size", "12", "--stochastic-depth", "0"],
}


def run(npz, folder, *start, more=(), recipe="polyak"):
    flags = ["--data", npz, "--output", folder, *more]
    command = [sys.executable, *start, f"recipes/{recipe}.py", *flags]
    done = subprocess.run(
        [*map(str, command)],
        cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout + done.stderr


def equal_history(alone, both):
    """Raise unless two runs have the same History; return its rows."""
    rows = [list(csv.DictReader((one / "history.csv").open())) for one in (alone, both)]
    assert len(rows[0]) == len(rows[1])
    for expected, found in zip(*rows):
        assert expected.keys() == found.keys()
        for name, value in expected.items():
            np.testing.assert_allclose(float(found[name]), float(value), rtol=1e-3, err_msg=name)
    return rows[0]


@pytest.mark.slow
def test_a_recipe_in_two_processes_of_torchrun(tmp_path):
    npz = write_npz(tmp_path / "squares.npz", size=8)
    alone, both = tmp_path / "alone", tmp_path / "both"
    run(npz, alone, more=POLYAK)
    text = run(npz, both, *TORCHRUN, more=[*POLYAK, *BOTH])
    assert text.count("2 devices of kind CPU") == text.count("Report:") == 1
    assert {path.name for path in both.iterdir()} == {path.name for path in alone.iterdir()}
    assert len(equal_history(alone, both)) == 2
    tests = [json.loads((one / "metrics.json").read_text())["test"] for one in (alone, both)]
    np.testing.assert_allclose(tests[1]["loss"], tests[0]["loss"], rtol=1e-3)


@pytest.mark.soak
@pytest.mark.parametrize("recipe", MORE)
def test_more_recipes_in_two_processes_of_torchrun(recipe, tmp_path):
    npz = write_npz(tmp_path / "squares.npz", size=16)
    alone, both, more = tmp_path / "alone", tmp_path / "both", MORE[recipe]
    run(npz, alone, more=more, recipe=recipe)
    text = run(npz, both, *TORCHRUN, more=[*more, *BOTH], recipe=recipe)
    assert text.count("Report:") == 1 and "FutureWarning" not in text
    equal_history(alone, both)
