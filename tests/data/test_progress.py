"""The line of progress: nothing for short work, what is left for long work."""

import pytest

from kerasrecipes.data.progress import progress


def run(seconds_a_step, steps=10, fail_at=None):
    now = [0.0]
    with progress("checking images", steps * 100, clock=lambda: now[0]) as advance:
        for step in range(steps):
            if step == fail_at:
                raise KeyboardInterrupt
            now[0] += seconds_a_step
            advance(100)


def test_short_work_is_silent(capsys):
    run(0.2)
    assert capsys.readouterr() == ("", "")


def test_long_work_says_how_fast_and_how_much_is_left(capsys):
    run(60)
    output, line = capsys.readouterr()
    assert output == ""
    shown = [part.rstrip() for part in line.split("\r")]
    assert shown[1] == "checking images: 100 of 1,000, 2 a second, 9 min left"
    assert shown[9] == "checking images: 900 of 1,000, 2 a second, 60 s left"
    assert line.endswith("\n")


def test_the_line_is_rewritten_twice_a_second_at_most(capsys):
    run(0.1, steps=100)
    assert 13 <= capsys.readouterr().err.count("\r") <= 16


def test_the_line_is_ended_when_the_work_fails(capsys):
    with pytest.raises(KeyboardInterrupt):
        run(60, fail_at=3)
    assert capsys.readouterr().err.endswith("\n")
