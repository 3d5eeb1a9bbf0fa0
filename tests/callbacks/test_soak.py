"""SIGKILL and SIGTERM at random moments, on every backend, again and again."""

import os
import pathlib
import random
import signal
import subprocess
import sys
import time

import pytest

from tests.callbacks import script_with_signals

SCRIPT = pathlib.Path(script_with_signals.__file__)
ROOT = SCRIPT.parents[2]
RUNS = [("tensorflow", "RFSPLEDA", 40), ("jax", "PBRL", 30), ("torch", "SRPB", 30)]


def start(folder, backend, letters):
    folder.mkdir(exist_ok=True)
    return subprocess.Popen(
        [sys.executable, str(SCRIPT), str(folder), letters, "steps"],
        stdout=subprocess.PIPE,
        stderr=open(folder / "errors.txt", "a"),  # noqa: SIM115
        text=True,
        cwd=ROOT,
        env={
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "KERAS_BACKEND": backend,
            "EVERY_STEPS": "1",
            "SECONDS_OF_VALIDATION": "0.05",
        },
    )


def kill(process, draw):
    """Let the process do some steps and kill it, between two of them or within; return how."""
    number = draw.choice([signal.SIGKILL, signal.SIGTERM])
    steps = draw.choice([0, 1, 1, 2])
    for line in process.stdout:
        if line == "done\n":
            return None
        steps -= line == "step\n"
        if steps < 0:
            break
    time.sleep(draw.uniform(0, 0.1))
    process.send_signal(number)
    rest = process.stdout.read()
    process.wait()
    if "done\n" in rest:
        return None
    assert process.returncode in (-signal.SIGKILL, 128 + signal.SIGTERM, -signal.SIGTERM)
    return number


def left_by(folder):
    return (folder / "result.npz").read_bytes(), (folder / "history.json").read_bytes()


@pytest.mark.soak
@pytest.mark.parametrize("backend, letters, kills", RUNS)
def test_kills_leave_no_trace(backend, letters, kills, tmp_path):
    pytest.importorskip(backend)
    draw = random.Random(backend)
    whole = start(tmp_path / "whole", backend, letters)
    assert whole.communicate()[0].endswith("done\n")
    counts = dict.fromkeys([signal.SIGKILL, signal.SIGTERM, None], 0)
    run = 0
    while counts[signal.SIGKILL] + counts[signal.SIGTERM] < kills:
        number = kill(start(tmp_path / f"run{run}", backend, letters), draw)
        counts[number] += 1
        if number is None:
            assert left_by(tmp_path / f"run{run}") == left_by(tmp_path / "whole")
            run += 1
    assert start(tmp_path / f"run{run}", backend, letters).communicate()[0].endswith("done\n")
    assert left_by(tmp_path / f"run{run}") == left_by(tmp_path / "whole")
    print(f"{backend}: {counts[signal.SIGKILL]} SIGKILL, {counts[signal.SIGTERM]} SIGTERM")
