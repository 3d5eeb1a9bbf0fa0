"""Ranges from texts, and their values."""

import dataclasses

import numpy as np
import pytest

from kerasrecipes.flags import TrainingConfig, flag
from kerasrecipes.search import Range, settings_of, space_of


@dataclasses.dataclass(frozen=True, kw_only=True)
class Config(TrainingConfig):
    """Flags of a recipe."""

    learning_rate: float = flag(0.1, "a rate", "(0, inf)")
    momentum: float | None = flag(None, "a fraction", "[0, 1)")
    depth: int = flag(8, "layers", "[2, 50]")
    kind: str = flag("batch", "a kind", choices=("batch", "group"))
    averaged: bool = flag(True, "whether to average")


def test_each_form():
    texts = [
        "learning_rate=log:1e-4:1", "momentum=0:0.9", "--depth=2:20", "kind=batch,group",
        "averaged=true,off", "batch-size=log:16:256",
    ]  # fmt: skip
    assert space_of(texts, Config) == (
        Range("learning_rate", 1e-4, 1.0, log=True),
        Range("momentum", 0.0, 0.9),
        Range("depth", 2, 20, integer=True),
        Range("kind", choices=("batch", "group")),
        Range("averaged", choices=(True, False)),
        Range("batch_size", 16, 256, log=True, integer=True),
    )


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("learning_rat=log:1e-4:1", "did you mean learning_rate"),
        ("output=a,b", "must name flags"),
        ("learning_rate", "of the form"),
        ("learning_rate=", "of the form"),
        ("learning_rate=1:1", "LOW < HIGH"),
        ("learning_rate=1:0.1", "LOW < HIGH"),
        ("learning_rate=log:0:1", "LOW > 0"),
        ("learning_rate=0.1:inf", "LOW < HIGH"),
        ("learning_rate=log:0.1", "of the form"),
        ("learning_rate=1:2:3", "of the form"),
        ("learning_rate=a:b", "a number"),
        ("depth=2.5:7", "an integer"),
        ("depth=1:7", r"in \[2, 50\]"),
        ("momentum=0:1", r"in \[0, 1\)"),
        ("kind=batch,layer", "must be one of"),
        ("kind=batch", "two choices"),
        ("kind=batch:group", "ranges of numbers only"),
        ("averaged=true,perhaps", "true or false"),
        ("kind\x1b[2J=a,b", r"\\x1b"),
    ],
)
def test_what_is_refused(text, words):
    with pytest.raises((ValueError, TypeError), match=words) as refused:
        space_of([text], Config)
    assert "\x1b" not in str(refused.value) and "\n" not in str(refused.value)


def test_a_flag_twice():
    with pytest.raises(ValueError, match="once"):
        space_of(["depth=2:4", "depth=3:9"], Config)


def test_settings_that_stay():
    settings = settings_of(["epochs=3", "averaged=false", "data=a=b.npz"], Config)
    assert settings == {"epochs": 3, "averaged": False, "data": "a=b.npz"}
    with pytest.raises(ValueError, match=r"in \[1, 1000000\]"):
        settings_of(["epochs=0"], Config)
    with pytest.raises(ValueError, match="NAME=VALUE"):
        settings_of(["epochs"], Config)


@pytest.mark.parametrize(
    "found",
    [
        Range("a", 1e-4, 1.0, log=True),
        Range("a", -2.0, 3.0),
        Range("a", 16, 1024, log=True, integer=True),
        Range("a", 0, 7, integer=True),
        Range("a", choices=("x", "y", "z")),
    ],
)
def test_values_and_positions_are_inverse_and_inside(found):
    rng = np.random.default_rng(0)
    for _ in range(200):
        value = found.draw(rng)
        assert value in found.choices or found.low <= value <= found.high
        assert type(value) is (str if found.choices else int if found.integer else float)
        again = found.at(found.position(value))
        assert again == (value if found.choices else pytest.approx(value, rel=1e-12))
    if not found.choices:
        assert (found.at(0.0), found.at(1.0)) == pytest.approx((found.low, found.high))


def test_draws_are_uniform_in_the_logarithm():
    rng = np.random.default_rng(0)
    found = Range("a", 1e-4, 1.0, log=True)
    values = np.log10([found.draw(rng) for _ in range(4000)])
    counts = np.histogram(values, bins=8, range=(-4, 0))[0]
    assert np.all(abs(counts - 500) < 100), counts  # 4.8 standard deviations


@pytest.mark.parametrize("center", [1e-4, 3e-4, 0.02, 1.0])
def test_a_narrowed_range_has_its_width_and_lies_inside(center):
    found = Range("a", 1e-4, 1.0, log=True)
    part = found.narrowed(center, 0.25)
    assert found.low <= part.low <= center * (1 + 1e-9) and center * (1 - 1e-9) <= part.high
    assert part.high <= found.high
    assert np.log10(part.high / part.low) == pytest.approx(1.0)
