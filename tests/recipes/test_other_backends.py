"""Recipes train, test and report on JAX and on PyTorch, each in a process of its own."""

import importlib.util
import json
import os
import subprocess
import sys

import pytest

from tests.recipes.helpers import ROOT, write_npz

OTHERS = [name for name in ("jax", "torch") if importlib.util.find_spec(name)]
RECIPES = {
    "drop_connect": (), "modern": (), "polyak": (), "sgdr": (), "speedrun": (),
    "stochastic_depth": ("--depth", 8),
}  # fmt: skip
LONG = ("modern", "sgdr", "stochastic_depth")  # for JAX to compile


@pytest.mark.parametrize(
    "recipe, backend",
    [
        pytest.param(recipe, backend, marks=pytest.mark.soak if backend == "jax" and recipe in LONG
                     else pytest.mark.slow)
        for recipe in RECIPES
        for backend in OTHERS
    ],
)  # fmt: skip
def test_an_epoch(recipe, backend, tmp_path):
    npz, run = write_npz(tmp_path / "squares.npz", count=60, size=28), tmp_path / "run"
    flags = ["--data", npz, "--epochs", "1", "--output", run, *RECIPES[recipe]]
    done = subprocess.run(
        [sys.executable, f"recipes/{recipe}.py", *map(str, flags)], cwd=ROOT, timeout=300,
        env={**os.environ, "KERAS_BACKEND": backend}, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    metrics = json.loads((run / "metrics.json").read_text())
    assert metrics["versions"]["backend"] == backend
    assert metrics["steps"] > 0 and (run / "model.keras").exists()
