"""What is written to a terminal or pipe that is gone."""

import errno
import os
import subprocess
import sys

import pytest

from kerasrecipes import _terminal
from kerasrecipes._terminal import hang_up, is_lost_output, output_may_be_lost


@pytest.fixture(autouse=True)
def no_hang_up(monkeypatch):
    monkeypatch.setattr(_terminal, "_detach_lost_output", lambda: None)
    hang_up(False)
    yield
    hang_up(False)


def test_a_closed_terminal_is_no_error_and_a_broken_pipe_only_after_a_signal():
    with output_may_be_lost():
        raise OSError(errno.EIO, "Input/output error")
    for wrong in (BrokenPipeError(errno.EPIPE, "Broken pipe"), OSError(errno.ENOSPC, "full")):
        with pytest.raises(OSError), output_may_be_lost():
            raise wrong
    hang_up()
    with output_may_be_lost():
        raise BrokenPipeError(errno.EPIPE, "Broken pipe")
    assert not is_lost_output(OSError(errno.ENOSPC, "full"))


@pytest.mark.slow
def test_only_what_is_lost_is_sent_nowhere():
    code = (
        "import os, sys; from kerasrecipes._terminal import hang_up; os.read(0, 1);"
        "hang_up(); print('lost' * 9999); sys.stdout.flush(); print('kept', file=sys.stderr)"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )  # fmt: skip
    process.stdout.close()
    process.stdin.write(b"x")
    process.stdin.close()
    assert process.stderr.read() == b"kept" + os.linesep.encode()
    assert process.wait(120) == 0
