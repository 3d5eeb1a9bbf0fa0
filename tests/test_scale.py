"""The numbers of docs/scale.md are those that benchmarks/scale.py computes."""

import importlib.util
import pathlib

import pytest

ROOT = pathlib.Path(__file__).parents[1]


@pytest.fixture(scope="module")
def scale():
    spec = importlib.util.spec_from_file_location("scale", ROOT / "benchmarks" / "scale.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_page_has_the_tables(scale):
    page = (ROOT / "docs" / "scale.md").read_text(encoding="utf-8")
    assert scale.needs_table() in page and scale.threads_table() in page


def test_the_words_of_the_page_are_the_numbers(scale):
    page = " ".join((ROOT / "docs" / "scale.md").read_text(encoding="utf-8").split())
    one = scale.needs(1)
    encoded = one["JPEGs read, GB/s"]
    for words in (
        f"takes {scale.STEP_RATE:,} images a second",
        f"beside it, {scale.FED_RATE:,}",
        f"the table says {scale.needs(1, 1)['cores']:.1f} cores",
        f"so {1 - scale.FED_RATE / scale.STEP_RATE:.0%} of the accelerator's time",
        f"about {one['decoded batches, uint8, GB/s'] / encoded:.1f} times as many",
        f"are {one['decoded batches, float32, GB/s'] / encoded:.1f} times as many",
        f"its input: {scale.STEP_RATE / scale.FED_RATE:.2f} times the other",
        f"less than the {scale.STEP_RATE / scale.FED_RATE - 1:.0%} that they save",
    ):
        assert words in page


def test_what_accelerators_need_by_hand(scale):
    eight = scale.needs(8)
    assert eight["images a second"] == 41_600
    assert eight["cores"] == pytest.approx(41_600 * 16 / 4_176)
    assert eight["JPEGs read, GB/s"] == pytest.approx(4.4744, rel=1e-4)
    assert eight["decoded batches, uint8, GB/s"] == pytest.approx(6.2620, rel=1e-4)
    gradients = "gradients sent by each accelerator, float32, GB/s"
    assert eight[gradients] == pytest.approx(3.6338, rel=1e-4)
    assert scale.needs(1)[gradients] == 0
    assert eight["hours for 90 epochs"] == pytest.approx(0.76994, rel=1e-4)
    assert scale.needs(256)["accelerator hours"] == eight["accelerator hours"]
