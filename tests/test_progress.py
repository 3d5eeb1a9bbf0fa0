"""The line of progress: nothing for short work, what is left for long work."""

import contextlib
import io
import re
import sys

import pytest

from kerasrecipes._progress import progress
from tests.experiment.screen import HIDE_CURSOR, Screen


@pytest.fixture
def screen(monkeypatch):
    monkeypatch.setenv("COLUMNS", "120")
    monkeypatch.setenv("TERM", "xterm")
    for name in ("FORCE_COLOR", "NO_COLOR", "TTY_COMPATIBLE"):
        monkeypatch.delenv(name, raising=False)
    return Screen()


def run(stream, seconds_a_step, steps=10, fail_at=None):
    now = [0.0]
    with (
        contextlib.redirect_stderr(stream),
        progress("checking images", steps * 100, clock=lambda: now[0]) as advance,
    ):
        for step in range(steps):
            if step == fail_at:
                raise KeyboardInterrupt
            now[0] += seconds_a_step
            advance(100)


def test_short_work_is_silent(screen):
    run(screen, 0.2)
    assert screen.written() == ""


def test_long_work_says_how_fast_and_how_much_is_left(screen):
    run(screen, 60)
    bars = screen.bars()
    assert re.fullmatch("checking images .*[━╸╺].* 200/1000 2 a second 0:08:00", bars[2])
    (line,) = screen.lines()
    assert line.startswith("checking images ━") and "1000/1000 2 a second" in line
    assert HIDE_CURSOR not in screen.written()


def test_the_line_is_rewritten_twice_a_second_at_most(screen):
    run(screen, 0.1, steps=100)
    assert 14 <= len(screen.bars()) <= 18


def test_the_line_is_ended_when_the_work_fails(screen):
    streams = sys.stdout, sys.stderr
    with pytest.raises(KeyboardInterrupt):
        run(screen, 60, fail_at=3)
    (line,) = screen.lines()
    assert " 300/1000 " in line
    assert (sys.stdout, sys.stderr) == streams


@pytest.mark.parametrize("seconds, lines", [(0.2, 0), (60, 1)])
def test_a_file_gets_one_line_of_long_work(seconds, lines):
    file = io.StringIO()
    run(file, seconds)
    assert file.getvalue().count("\n") == lines and "\x1b" not in file.getvalue()
    assert file.getvalue().startswith("checking images ━" if lines else "")
