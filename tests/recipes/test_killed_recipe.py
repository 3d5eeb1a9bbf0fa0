"""SIGKILL `recipes/resnet_crop.py --resume` at random moments and compare what it leaves."""

import json
import os
import pathlib
import random
import subprocess
import sys
import time
import zipfile

import numpy as np
import pytest

ROOT = pathlib.Path(__file__).parents[2]
FLAGS = ["--epochs", "3", "--stochastic-depth", "0.3", "--size", "20"]
SAMPLE = ROOT / "kerasrecipes" / "data" / "fashion_mnist_sample.npz"


@pytest.fixture(scope="module")
def npz(tmp_path_factory):
    """A quarter of the sample: most of the time is then still that of training."""
    path = tmp_path_factory.mktemp("images") / "quarter.npz"
    with np.load(SAMPLE) as arrays:
        names = {name: arrays[name][:: 4 if name[0] in "xy" else 1] for name in arrays.files}
    np.savez(path, **names)
    return path


def start(npz, folder):
    command = [sys.executable, "recipes/resnet_crop.py", *FLAGS, "--data", npz, "--resume"]
    command += ["--output", folder]
    return subprocess.Popen(
        list(map(str, command)), cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )


def kill_at_random(npz, folder, longest):
    process = start(npz, folder)
    time.sleep(random.uniform(0, longest))
    process.kill()
    process.wait()


def kill_in_write(npz, folder, longest):
    """Kill the run as soon as a state is being written, or after the longest time."""
    process = start(npz, folder)
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


def check(npz, folder, kills, seed):
    random.seed(seed)
    begin = time.monotonic()
    assert start(npz, folder / "whole").wait() == 0
    longest = time.monotonic() - begin
    for kill in random.sample(kills, len(kills)):
        kill(npz, folder / "killed", longest)
    assert start(npz, folder / "killed").wait() == 0
    assert left_by(folder / "killed") == left_by(folder / "whole")


@pytest.mark.slow
def test_three_kills_leave_no_trace(npz, tmp_path):
    check(npz, tmp_path, [kill_at_random] * 2 + [kill_in_write], seed=0)


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(1, 6))
def test_a_hundred_kills_leave_no_trace(seed, npz, tmp_path):
    check(npz, tmp_path, [kill_at_random] * 14 + [kill_in_write] * 6, seed)
