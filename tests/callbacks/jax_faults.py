"""What goes wrong in one of several JAX processes: `python jax_faults.py FOLDER`.

Each prints a line of JSON for what it met; at last the second raises in the middle of an epoch.
"""

import json
import os
import pathlib
import sys

import keras
import numpy as np

from kerasrecipes import callbacks
from kerasrecipes._backend import processes
from kerasrecipes.experiment import TrainingConfig
from kerasrecipes.experiment.replicas import Replicas
from tests.callbacks.jax_processes import network

STATUS = 3
X, Y = np.zeros((8, 6, 6, 1), "float32"), np.zeros(8)


class Local(OSError):
    """An error that cannot be sent."""

    def __init__(self, text, reason):
        super().__init__(text)


def fail(error):
    raise error


def met(function, *arguments):
    """Return class and words of what a function raises."""
    try:
        function(*arguments)
    except BaseException as error:
        return [type(error).__name__, isinstance(error, OSError), str(error)]
    return None


def fit(callback, x=X, epochs=1, also=()):
    network().fit(x, Y, 4, epochs=epochs, verbose=0, callbacks=[callback, *also])


def by_first():
    return {
        "result": met(processes.by_first, lambda: fail),  # sent by its name, which all have
        "function": met(processes.by_first, lambda: lambda: 1),
        "signal": met(processes.by_first, fail, KeyboardInterrupt()),
        "error": met(processes.by_first, fail, Local("full", "disk")),
    }


def without_distribution(folder):
    return {
        "Resume": met(fit, callbacks.Resume(folder / "state")),
        "BestSnapshot": met(fit, callbacks.BestSnapshot("loss", filepath=folder / "best.keras")),
        "SnapshotEnsemble": met(fit, callbacks.SnapshotEnsemble(None, 1, directory=folder / "s")),
        "no file": met(fit, callbacks.BestSnapshot("loss")),
    }


def snapshots(folder):
    """Return the sums of a snapshot's weights, where each process has a disk of its own."""
    number = processes.process_number()
    ensemble = callbacks.SnapshotEnsemble(None, 1, directory=folder / f"disk_{number}")
    fit(ensemble)
    arrays = ensemble.weights(0), ensemble.model().models[0].get_weights()
    return [[float(np.sum(np.abs(array))) for array in some] for some in arrays]


def other_data(folder):
    """Resume on the data of each process, then on other data in the second alone."""
    number = processes.process_number()
    found = []
    for epochs, add in ((1, number), (2, number), (3, 2 * number)):
        resume = callbacks.Resume(folder / "states")
        found.append(met(fit, resume, X + add, epochs))
    return found


def other_flags(folder):
    flags = {"devices": 2, "batch_size": 4, "output": f"{folder}_{processes.process_number()}"}
    return met(Replicas, TrainingConfig(**flags, epochs=2 + processes.process_number()))


class Raise(keras.callbacks.Callback):
    def on_train_batch_begin(self, batch, logs=None):
        if batch == 1 and self.epoch == 1 and not processes.is_first():
            raise RuntimeError("of the user")

    def on_epoch_begin(self, epoch, logs=None):
        self.epoch = epoch


def raise_in_second():
    try:
        with callbacks.BestSnapshot("loss") as best:
            fit(best, epochs=9, also=[Raise()])
    except RuntimeError as error:
        return str(error)


def report(**found):
    print("FOUND " + json.dumps(found), flush=True)


def main(folder):
    processes.join()
    report(**by_first(), **without_distribution(folder))
    keras.distribution.set_distribution(keras.distribution.DataParallel(auto_shard_dataset=False))
    report(snapshots=snapshots(folder), flags=other_flags(folder), data=other_data(folder))
    report(raised=raise_in_second())
    os._exit(STATUS)  # not to wait for the other


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]))
