"""Ctrl-C during the imports of a script, by a real signal."""

import pathlib
import signal
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).parent.parent.parent
SCRIPT = """
import dataclasses, signal, sys, time
from kerasrecipes_flags import flag, parse_first

@dataclasses.dataclass(frozen=True)
class Config:
    epochs: int = flag(10, "epochs of training", "[1, 1000]")

parse_first(Config)

def wait(word):
    print(word, flush=True)
    time.sleep(60)

if WHERE == "imports":
    try:
        wait("now")
    except BaseException:  # as code that tries whether a package is there
        print("caught")
elif WHERE == "callbacks":  # whatever Python prints and goes on from
    class Ended:
        def __del__(self):
            wait("now")
    Ended()

def main(config):
    wait("now")

from kerasrecipes.flags import command_line
command_line(main, Config)
"""


def interrupted(where, code=SCRIPT):
    code = code.replace("WHERE", repr(where))
    process = subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        cwd=ROOT,
    )  # fmt: skip
    assert process.stdout.readline() == "now\n"
    process.send_signal(signal.SIGINT)
    output, errors = process.communicate(timeout=120)
    return process.returncode, output, errors


@pytest.mark.parametrize("where", ["imports", "callbacks"])
def test_it_ends_without_a_word(where):
    assert interrupted(where) == (130, "", "")


@pytest.mark.slow
def test_in_main_it_is_said_as_ever():
    status, output, errors = interrupted("main")
    assert (status, output) == (130, "")
    assert errors.strip() == "Stopped at once by Ctrl-C."


@pytest.mark.slow
def test_a_handler_that_is_not_pythons_stays():
    own = "signal.signal(signal.SIGINT, lambda *_: sys.exit(7))\nparse_first(Config)"
    assert interrupted("main", SCRIPT.replace("parse_first(Config)", own))[0] == 7
