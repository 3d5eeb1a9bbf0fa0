"""SIGKILL `recipes/resnet_crop.py --resume` at random moments and compare what it leaves."""

import json
import os
import pathlib
import random
import subprocess
import sys
import time
import zipfile

import pytest

ROOT = pathlib.Path(__file__).parents[2]
FLAGS = ["--epochs", "3", "--stochastic-depth", "0.3", "--size", "20"]


def start(folder):
    command = [sys.executable, "recipes/resnet_crop.py", *FLAGS, "--resume", "--output", folder]
    return subprocess.Popen(
        list(map(str, command)), cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )


def kill_at_random(folder, longest):
    process = start(folder)
    time.sleep(random.uniform(0, longest))
    process.kill()
    process.wait()


def kill_in_write(folder, longest):
    """Kill the run as soon as a state is being written, or after the longest time."""
    process = start(folder)
    end = time.monotonic() + longest
    states = folder / "state"
    while time.monotonic() < end and process.poll() is None:
        if states.is_dir() and any(name.endswith(".tmp") for name in os.listdir(states)):
            break
    process.kill()
    process.wait()


def left_by(folder):
    """The bytes of all weights and of History, and the results of the tests but their speed."""
    with zipfile.ZipFile(folder / "model.keras") as archive:
        weights = archive.read("model.weights.h5")
    history = (folder / "history.csv").read_bytes()
    test = json.loads((folder / "metrics.json").read_text())["test"]
    for results in [test, *test["protocols"].values()]:
        del results["images_per_second"]
    return weights, history, test


def check(folder, kills, seed):
    random.seed(seed)
    begin = time.monotonic()
    assert start(folder / "whole").wait() == 0
    longest = time.monotonic() - begin
    for kill in random.sample(kills, len(kills)):
        kill(folder / "killed", longest)
    assert start(folder / "killed").wait() == 0
    assert left_by(folder / "killed") == left_by(folder / "whole")


@pytest.mark.slow
def test_three_kills_leave_no_trace(tmp_path):
    check(tmp_path, [kill_at_random] * 2 + [kill_in_write], seed=0)


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(1, 6))
def test_a_hundred_kills_leave_no_trace(seed, tmp_path):
    check(tmp_path, [kill_at_random] * 14 + [kill_in_write] * 6, seed)
