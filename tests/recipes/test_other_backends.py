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
    "baselines": ("--no-features", "--neighbours", 3, "--epochs", 2),
    "decorrelated_bn": ("--depth", 3, "--width", 4, "--batch-size", 8),
    "drop_connect": (),
    "ensemble": ("--epochs", 4, "--members", 2, "--width", 2, "--passes", 3),
    "finetune": ("--size", 32, "--plan", "many"),
    "fractional_pooling": ("--width", 4, "--passes", 3),
    "initialization": ("--depth", 3, "--width", 8, "--images", 40),
    "modern": (),
    "optimizers": ("--seeds", 2, "--steps", 3, "--images", 40, "--units", 4),
    "polyak": (),
    "regularization": ("--seeds", 2, "--units", 4, "--images", 24, "--batch-size", 12),
    "search": ("--recipe", "drop_connect", "--trials", 2, "--metric", "val_drop_connect_loss",
               "--search", "rate=0.1:0.9"),
    "sgdr": (),
    "snapshot_ensemble": ("--epochs", 2, "--cycles", 2),
    "speedrun": (),
    "stochastic_depth": ("--depth", 8),
}  # fmt: skip
WITHOUT_MODEL = ("baselines", "initialization", "optimizers", "regularization", "search")
IN_CI = (("drop_connect", "jax"), ("polyak", "jax"), ("sgdr", "torch"), ("speedrun", "torch"))


def flags_of(recipe, npz, folder):
    flags = ["--output", folder, *RECIPES[recipe]]
    if recipe == "search":
        return [*flags, "--fixed", f"data={npz}", "epochs=1"]
    epochs = [] if "--epochs" in flags or recipe == "initialization" else ["--epochs", 1]
    return [*flags, "--data", npz, *epochs]


@pytest.mark.parametrize(
    "recipe, backend",
    [
        pytest.param(recipe, backend, marks=getattr(
            pytest.mark, "slow" if (recipe, backend) in IN_CI else "soak"))
        for recipe in RECIPES
        for backend in OTHERS
    ],
)  # fmt: skip
def test_a_run(recipe, backend, tmp_path):
    npz, run = write_npz(tmp_path / "squares.npz", count=60, size=28), tmp_path / "run"
    done = subprocess.run(
        [sys.executable, f"recipes/{recipe}.py", *map(str, flags_of(recipe, npz, run))], cwd=ROOT,
        timeout=300, env={**os.environ, "KERAS_BACKEND": backend}, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    metrics = json.loads((run / "metrics.json").read_text())
    assert (run / "report.html").exists()
    if recipe != "search":
        assert metrics["versions"]["backend"] == backend
    if recipe not in WITHOUT_MODEL:
        assert metrics["steps"] > 0 and (run / "model.keras").exists()
