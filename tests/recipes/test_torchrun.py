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

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(keras.backend.backend() != "torch", reason="processes of PyTorch"),
]
TORCHRUN = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]


def run(npz, folder, *start, more=()):
    flags = ["--data", npz, "--epochs", "2", "--batch-size", "12", "--learning-rate", "0.02"]
    command = [sys.executable, *start, "recipes/polyak.py", *flags, "--output", folder, *more]
    done = subprocess.run(
        [*map(str, command)],
        cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout


def test_a_recipe_in_two_processes_of_torchrun(tmp_path):
    npz = write_npz(tmp_path / "squares.npz", size=8)
    alone, both = tmp_path / "alone", tmp_path / "both"
    run(npz, alone)
    text = run(npz, both, *TORCHRUN, more=["--devices", "2", "--strategy", "torch"])
    assert text.count("2 devices of kind CPU") == text.count("Report:") == 1
    assert {path.name for path in both.iterdir()} == {path.name for path in alone.iterdir()}
    rows = [list(csv.DictReader((one / "history.csv").open())) for one in (alone, both)]
    assert len(rows[0]) == len(rows[1]) == 2
    for expected, found in zip(*rows):
        assert expected.keys() == found.keys()
        for name, value in expected.items():
            np.testing.assert_allclose(float(found[name]), float(value), rtol=1e-3, err_msg=name)
    tests = [json.loads((one / "metrics.json").read_text())["test"] for one in (alone, both)]
    np.testing.assert_allclose(tests[1]["loss"], tests[0]["loss"], rtol=1e-3)
