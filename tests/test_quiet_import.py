"""What TensorFlow prints while it is loaded does not reach the user; everything else does."""

import os
import subprocess
import sys

import pytest

NOISE = "I0000 00:00:1.2  7 port.cc:153] oneDNN custom operations are on. You may see"


def errors_of(code, **environment):
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        env={**os.environ, **environment},
    )
    return done.returncode, done.stderr


HELD = f"""
import os, sys
from kerasrecipes._quiet_import import quiet_import
for name in [name for name in sys.modules if name.startswith("tensorflow")]:
    del sys.modules[name]  # as before its import
with quiet_import():
    os.write(2, b"first\\n{NOISE}\\n")
    print("second", file=sys.stderr, flush=True)
    END
os.write(2, b"{NOISE}\\n")
"""


@pytest.mark.slow
def test_two_lines_are_left_out_and_others_come_in_their_order():
    status, errors = errors_of(HELD.replace("END", "pass"))
    assert status == 0
    assert errors == f"first\nsecond\n{NOISE}\n"


@pytest.mark.slow
def test_an_error_shows_what_was_written_before_it():
    status, errors = errors_of(HELD.replace("END", "raise OSError('lost')"))
    lines = errors.splitlines()
    assert status == 1
    assert lines[:2] == ["first", "second"] and lines[-1] == "OSError: lost"


@pytest.mark.slow
def test_log_level_0_shows_everything():
    _, errors = errors_of(HELD.replace("END", "pass"), TF_CPP_MIN_LOG_LEVEL="0")
    assert errors.count(NOISE) == 2


@pytest.mark.slow
def test_without_standard_error_it_goes_on():
    code = """
import os, sys
os.close(2)
from kerasrecipes._quiet_import import quiet_import
with quiet_import():
    print("inside")
"""
    done = subprocess.run([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    assert (done.returncode, done.stdout) == (0, "inside\n")


@pytest.mark.parametrize("first", ["import kerasrecipes", "from kerasrecipes import data"])
@pytest.mark.slow
def test_importing_the_package_is_silent(first):
    environment = {"KERAS_BACKEND": "tensorflow", "TF_CPP_MIN_LOG_LEVEL": "2"}
    assert errors_of(f"import kerasrecipes_flags\n{first}\ndata = 1", **environment) == (0, "")
    assert errors_of(first, **environment) == (0, "")
