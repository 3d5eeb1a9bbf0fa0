"""Names from outside, as they are printed."""

import pathlib
import subprocess

import pytest

from kerasrecipes._printable import printable, shell_word, visible

NAMES = [
    "a.jpg",
    "two words",
    "it's",
    'a "b"',
    "new\nline",
    "\x1b[31m'red\"",
    "tab\t$(x)",
    "\\n",
    "é",
]


@pytest.mark.parametrize("name", NAMES)
def test_a_name_is_one_line_that_says_what_it_is(name):
    shown = printable(name)
    assert shown.isprintable()
    assert shown == name or eval(shown) == name


def test_paths_and_bytes_that_are_no_text():
    assert printable(pathlib.Path("a") / "b.jpg") == "a/b.jpg"
    assert printable(b"caf\xe9.jpg") == r"'caf\udce9.jpg'"


def test_a_text_keeps_its_lines_and_nothing_else_that_moves_the_cursor():
    assert visible("one\ntwo \x1b[2J\r\x07 é\x9b") == "one\ntwo \\x1b[2J\\r\\x07 é\\x9b"


@pytest.mark.parametrize("name", [*NAMES, "caf\udce9", 'ends in "'])
def test_a_word_of_a_shell_is_the_name_again(name):
    word = shell_word(name)
    assert word.isprintable()
    result = subprocess.run(["bash", "-c", f"printf %s {word}"], capture_output=True, check=True)
    assert result.stdout.decode(errors="surrogateescape") == name
