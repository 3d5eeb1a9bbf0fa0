"""`benchmarks/gpu.py` runs without a GPU, small, and stores what it measured."""

import importlib.util
import json
import os
import pathlib
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).parent.parent
INSTALLED = [name for name in ("jax", "torch") if importlib.util.find_spec(name)]


def run(folder, *arguments):
    command = [sys.executable, str(ROOT / "benchmarks" / "gpu.py"), "--rounds", "1"]
    hidden = {"CUDA_VISIBLE_DEVICES": "", "JAX_PLATFORMS": "cpu", "PYTHONPATH": str(ROOT)}
    return subprocess.run(
        [*command, "--output", str(folder), *arguments],
        env={**os.environ, **hidden}, capture_output=True, text=True, timeout=500, check=True,
    ).stdout  # fmt: skip


def rows_of(folder):
    (path,) = folder.glob("gpu_no_gpu*.json")
    return json.loads(path.read_text(encoding="utf-8"))["rows"]


def check(rows, printed, names):
    for backend in INSTALLED:
        found = {row["name"]: row for row in rows if row["backend"] == backend}
        for name in names:
            row = found[name]
            assert "skipped" not in row, row["skipped"]
            assert row["small"] and row["ours"] > 0, row
    assert printed.count("(small, no GPU)") == len(rows)
    assert "reached" not in printed and "MISSED" not in printed


@pytest.mark.slow
def test_rows_of_layers(tmp_path):
    pattern = "GroupNormalization|DropConnectDense example$"
    printed = run(tmp_path, "--only", pattern)
    if not INSTALLED:
        assert printed.count("is not installed: skipped") == 2 and not list(tmp_path.iterdir())
        pytest.skip("neither JAX nor PyTorch is installed")
    check(rows_of(tmp_path), printed, ["GroupNormalization(32)", "DropConnectDense example"])


@pytest.mark.slow
def test_a_row_without_time_is_skipped_and_rows_of_other_backends_stay(tmp_path):
    if len(INSTALLED) < 2:
        pytest.skip("of two backends")
    run(tmp_path, "--only", "GroupNormalization", "--backends", "torch")
    printed = run(tmp_path, "--minutes", "0.0001", "--backends", "jax")
    rows = rows_of(tmp_path)
    assert {row["backend"] for row in rows} == {"torch"} and "skipped" in printed


@pytest.mark.soak
def test_all_rows(tmp_path):
    printed = run(tmp_path)
    rows = rows_of(tmp_path)
    check(rows, printed, {row["name"] for row in rows if row["backend"] == "jax"})
    assert {"PolyakAveraging", "StochasticDepth", "ResNet-50"} <= {row["name"] for row in rows}
