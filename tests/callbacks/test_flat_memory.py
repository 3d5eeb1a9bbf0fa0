"""Memory and open files of a long fit that writes states, the best model and snapshots."""

import os
import warnings

import keras
import pytest

from kerasrecipes.callbacks import BestSnapshot, Resume, SnapshotEnsemble
from tests.callbacks.small_fit import STEPS, fit, small_model

# 14 MiB were measured, of three files an epoch; a leak of the states would be more.
EPOCHS, WARM_UP, MEGABYTES = 150, 50, 30


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
