"""The estimates of `benchmarks/full_size.py` in the README of the recipes."""

import importlib.util
import pathlib

import pytest

ROOT = pathlib.Path(__file__).parent.parent


def full_size():
    path = ROOT / "benchmarks" / "full_size.py"
    spec = importlib.util.spec_from_file_location("full_size", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_pipeline_or_the_network_decides():
    minutes = full_size().minutes
    assert minutes(1e6, 100) == minutes(40e6, 100) == pytest.approx(100 * 50_000 / 15_400 / 60)
    # ResNet-20 in He et al.'s shape: 40.6 million multiply-adds, 103,600 images a second.
    assert minutes(10 * 40.55e6, 1) == pytest.approx(50_000 / 10_360 / 60, rel=0.01)


@pytest.mark.slow
def test_the_table_is_that_of_the_presets():
    text = (ROOT / "recipes" / "README.md").read_text(encoding="utf-8")
    assert full_size().with_table(text) == text
