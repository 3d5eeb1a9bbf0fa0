"""What a user's first commands print: our lines, and nothing of TensorFlow or Keras."""

import ast
import os
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from tests.recipes.helpers import ROOT, write_npz

RECIPES = sorted(ROOT.glob("recipes/*.py"))


def run_python(*arguments, **environment):
    """Standard output and error of a fresh process; `TF_CPP_MIN_LOG_LEVEL` is not set in it."""
    names = os.environ.keys() - {"TF_CPP_MIN_LOG_LEVEL", "PYTHONWARNINGS"}
    process = subprocess.run(
        [sys.executable, *map(str, arguments)],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={**{name: os.environ[name] for name in names}, "PYTHONPATH": str(ROOT), **environment},
        timeout=600,
    )
    assert process.returncode == 0, process.stderr
    return process.stdout, process.stderr


@pytest.mark.slow
def test_standard_error_of_a_first_run_is_empty(tmp_path):
    write_npz(tmp_path / "images.npz")
    flags = ["--data", tmp_path / "images.npz", "--epochs", 1, "--batch-size", 16]
    output, errors = run_python("recipes/polyak.py", *flags, "--output", tmp_path / "run")
    assert without_progress(errors) == []
    assert output.startswith("Device ") and "\nepoch 1/1 · " in output
    Image.fromarray(np.zeros((12, 12), "uint8")).save(tmp_path / "image.png")
    output, errors = run_python("recipes/predict.py", tmp_path / "run", tmp_path / "image.png")
    assert without_progress(errors) == [] and "image.png" in output


def without_progress(errors):
    """The lines that are not about work that took more than two seconds."""
    return [line for line in errors.splitlines() if "━" not in line]


@pytest.mark.parametrize("path", RECIPES, ids=lambda path: path.name)
def test_recipes_import_the_package_before_tensorflow(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    modules = [node.module for node in tree.body if isinstance(node, ast.ImportFrom)]
    for node in tree.body:
        if isinstance(node, ast.ImportFrom) and node.module.split(".")[0] == "kerasrecipes":
            break
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        assert not {"keras", "tensorflow"} & set(names)
    assert "kerasrecipes" in modules


@pytest.mark.slow
def test_the_log_level_of_the_user_wins():
    code = "import kerasrecipes, os; print(os.environ['TF_CPP_MIN_LOG_LEVEL'])"
    output, _ = run_python("-c", code, TF_CPP_MIN_LOG_LEVEL="0")
    assert output.strip() == "0"
