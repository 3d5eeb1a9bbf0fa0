"""Memory and open files of a long fit that writes states, the best model and snapshots."""

import os
import pathlib
import subprocess
import sys
import time
import warnings

import keras
import numpy as np
import pytest

from kerasrecipes._backend.processes import by_first
from kerasrecipes.callbacks import (
    SGDR,
    ActivationStatistics,
    BestSnapshot,
    PlateauFactor,
    PolyakAveraging,
    Resume,
    SnapshotEnsemble,
    UpdateRatio,
)
from tests import jax_job
from tests.callbacks.small_fit import STEPS, X, fit, small_model

# 14 MiB were measured, of three files an epoch; a leak of the states would be more.
EPOCHS, WARM_UP, MEGABYTES = 150, 50, 30
MINUTES, MEGABYTES_A_MINUTE, KILOBYTES_AN_EPOCH = float(os.environ.get("MINUTES", "10")), 1.0, 10


def resident_megabytes():
    with open("/proc/self/statm", encoding="ascii") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20


@pytest.mark.soak
@pytest.mark.skipif(not os.path.exists("/proc/self/statm"), reason="needs Linux's /proc")
def test_writes_leave_neither_memory_nor_open_files(tmp_path):
    class Measure(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            if epoch in (WARM_UP, EPOCHS - 1):
                memory.append(resident_megabytes())
                files.append(len(os.listdir("/proc/self/fd")))
            logs["score"] = -epoch  # each epoch is the best

    memory, files = [], []
    snapshots = SnapshotEnsemble(every_epochs=1, keep_last=2, directory=tmp_path / "snapshots")
    best = BestSnapshot("score", mode="min", filepath=tmp_path / "best.keras")
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "`every_steps")
        resume = Resume(tmp_path / "state", every_steps=STEPS)
        fit(small_model(), EPOCHS, [Measure(), best, snapshots, resume])
    assert files[1] <= files[0] + 1, files
    assert memory[1] - memory[0] < MEGABYTES, memory
    print(f"{memory[1] - memory[0]:.1f} MiB in {EPOCHS - WARM_UP} epochs")


class Watch(keras.callbacks.Callback):
    """Note memory and open files at the end of each epoch, and stop after `MINUTES`."""

    def __init__(self, saves_to=None):
        super().__init__()
        self.saves_to = saves_to

    def on_train_begin(self, logs=None):
        self.begin, self.notes = time.monotonic(), []

    def on_epoch_end(self, epoch, logs=None):
        minutes = (time.monotonic() - self.begin) / 60
        self.notes.append((minutes, resident_megabytes(), len(os.listdir("/proc/self/fd"))))
        logs["score"] = -epoch  # each epoch is the best
        if self.saves_to is not None:
            self.model.save(self.saves_to)
        # Of several processes all stop at one epoch.
        self.model.stop_training = by_first(lambda: minutes > MINUTES)

    def growth(self):
        """Of the second half by least squares: MB a minute, kB an epoch, and more open files."""
        minutes, megabytes, files = np.array(self.notes).T
        late = minutes > MINUTES / 2
        a_minute = np.polyfit(minutes[late], megabytes[late], 1)[0]
        an_epoch = np.polyfit(np.arange(late.sum()), megabytes[late], 1)[0] * 1000
        more = files[late].max() - files[0]
        print(
            f"{keras.backend.backend()}, {len(minutes)} epochs: {a_minute:.2f} MB a minute, "
            f"{an_epoch:.1f} kB an epoch, {more:+.0f} open files"
        )
        return a_minute, an_epoch, more


def everything(folder=None):
    """The callbacks that go together; with a folder they write models, too."""
    return [
        SGDR(0.1, 5),
        PlateauFactor("loss", 0.9, patience=5),
        PolyakAveraging(0.9),
        ActivationStatistics(X[:4]),
        UpdateRatio(),
        BestSnapshot("score", mode="min", filepath=folder and folder / "best.keras"),
        SnapshotEnsemble(every_epochs=2, keep_last=2, directory=folder and folder / "snapshots"),
    ]


def long_fit(watch, callbacks, model=None):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        fit(model or small_model(), 10**6, [watch, *callbacks])
    return watch.growth()


@pytest.mark.soak
@pytest.mark.skipif(not os.path.exists("/proc/self/statm"), reason="needs Linux's /proc")
def test_ten_minutes_with_everything_on(tmp_path):
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "`every_steps")
        resume = Resume(tmp_path / "state", every_steps=2 * STEPS)
    megabytes, _, files = long_fit(Watch(), [*everything(), resume])
    assert megabytes < MEGABYTES_A_MINUTE and files <= 1


@pytest.mark.soak
@pytest.mark.skipif(not os.path.exists("/proc/self/statm"), reason="needs Linux's /proc")
def test_ten_minutes_on_two_devices(tmp_path):
    script = pathlib.Path(__file__).parent / "long_fit_on_devices.py"
    environment = {**os.environ, "PYTHONPATH": str(jax_job.ROOT)}
    done = subprocess.run(
        [sys.executable, script, tmp_path], env=environment, capture_output=True, text=True
    )
    print(done.stdout)
    assert done.returncode == 0, done.stderr[-3000:]


@pytest.mark.soak
@pytest.mark.skipif(not os.path.exists("/proc/self/statm"), reason="needs Linux's /proc")
@pytest.mark.skipif(keras.backend.backend() != "jax", reason="several processes are JAX's")
def test_ten_minutes_in_two_processes(tmp_path):
    job = jax_job.start("tests/callbacks/long_fit_on_devices.py", [[tmp_path]] * 2)
    for text in jax_job.outputs(job, seconds=60 * (MINUTES + 5)):
        print(text)


@pytest.mark.soak
@pytest.mark.skipif(not os.path.exists("/proc/self/statm"), reason="needs Linux's /proc")
def test_files_of_models_cost_what_keras_saving_costs(tmp_path):
    """Keras 3.15's `model.save` keeps some 70 kB on TensorFlow, native memory of `save_weights`."""
    _, plain, _ = long_fit(Watch(tmp_path / "plain.keras"), [])
    _, ours, files = long_fit(Watch(), everything(tmp_path))
    assert ours < 1.5 * max(plain, 0) + KILOBYTES_AN_EPOCH and files <= 1
