"""The tables of breaks fit the code: what they break and the tests they name are there.

`tests/break_code.py` runs them.
"""

import pathlib

import pytest

from tests import break_code
from tests.breaks.table import rooms

ROOT = pathlib.Path(__file__).parent.parent
ALL = [(room, one) for room, breaks in rooms().items() for one in breaks]


@pytest.mark.parametrize("room, one", ALL, ids=[f"{r}-{b.subject}-{b.fault}" for r, b in ALL])
def test_the_source_and_the_tests_are_there(room, one):
    source = (ROOT / "kerasrecipes" / one.path).read_text(encoding="utf-8")
    assert source.count(one.right) == 1, f"{one.path} must hold it once: {one.right!r}"
    assert one.wrong != one.right
    assert (ROOT / "tests" / one.test_file).exists(), one.test_file


def test_a_change_chooses_the_breaks_of_its_files():
    breaks = rooms()["layers"]
    of_a_file = [
        one for one in breaks if break_code.touches(one, {"kerasrecipes/layers/maxout.py"})
    ]
    assert {one.subject for one in of_a_file} == {"Maxout"}
    of_a_test = [one for one in breaks if break_code.touches(one, {"tests/layers/test_maxout.py"})]
    assert of_a_test == of_a_file
    assert [one for one in breaks if break_code.touches(one, {"tests/breaks/layers.py"})] == breaks
    assert not any(break_code.touches(one, {"README.md"}) for one in breaks)


def test_without_history_nothing_is_broken(capsys):
    assert break_code.main(["--changed", "no-such-commit"]) == 0
    assert "no history to compare with" in capsys.readouterr().out


def test_a_sample_is_evenly_spaced():
    assert break_code.sample(list(range(10)), 4) == [0, 2, 5, 7]
    assert break_code.sample([1, 2], 4) == break_code.sample([1, 2], None) == [1, 2]
