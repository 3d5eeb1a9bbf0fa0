"""The checks of arguments: what they let through, and their wording."""

import numpy as np
import pytest

from kerasrecipes import _validation as check


@pytest.mark.parametrize(
    "value, interval, allowed",
    [
        (0, "[0, 1)", True),
        (1, "[0, 1)", False),
        (0, "(0, 1]", False),
        (1.0, "(0, 1]", True),
        (np.float32(0.5), "[0, 1)", True),
        (float("nan"), "(-inf, inf)", False),
        (float("inf"), "(0, inf)", False),
        (-1e-9, "[0, inf)", False),
    ],
)
def test_number(value, interval, allowed):
    if allowed:
        check.check_number("rate", value, interval)
    else:
        with pytest.raises(ValueError, match=r"Argument `rate` must be in .* Received: rate="):
            check.check_number("rate", value, interval)


@pytest.mark.parametrize("value", [True, "0.5", None, 1j])
def test_number_of_a_wrong_type(value):
    with pytest.raises(TypeError, match=r"`rate` must be a number .* Received: rate="):
        check.check_number("rate", value, "[0, 1)")


@pytest.mark.parametrize("value", [False, 2.0, "2", None])
def test_integer_of_a_wrong_type(value):
    with pytest.raises(TypeError, match=r"`units` must be an integer .* Received: units="):
        check.check_integer("units", value, "[1, inf)")


def test_integer():
    check.check_integer("units", np.int64(3), "[1, 3]")
    with pytest.raises(ValueError, match=r"in \[1, 3\]\. Received: units=4"):
        check.check_integer("units", 4, "[1, 3]")


def test_path(tmp_path):
    check.check_path("directory", "runs")
    check.check_path("directory", tmp_path)
    with pytest.raises(TypeError, match=r"`directory` must be a path. Received: directory=3 \(of"):
        check.check_path("directory", 3)


def test_boolean_choice_and_range():
    check.check_boolean("center", False)
    check.check_choice("mode", "min", ("min", "max"))
    check.check_range("scale", (1, 1), "[1, inf)")
    with pytest.raises(TypeError, match=r"`center` must be True or False"):
        check.check_boolean("center", 1)
    with pytest.raises(ValueError, match=r"one of 'min', 'max'. Received: mode='mean'"):
        check.check_choice("mode", "mean", ("min", "max"))
    with pytest.raises(ValueError, match=r"low <= high"):
        check.check_range("scale", (2, 1), "[1, inf)")
    with pytest.raises(TypeError, match=r"a pair \(low, high\)"):
        check.check_range("scale", 2, "[1, inf)")
    with pytest.raises(ValueError, match=r"\[1, inf\)"):
        check.check_range("scale", (0.5, 2), "[1, inf)")
