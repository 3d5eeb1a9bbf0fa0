"""A training with every callback that writes, as one of several JAX processes.

`python jax_processes.py FOLDER OUT [KILL_AT]` trains, or resumes, in the processes that the
environment names. It leaves `OUT/NUMBER.npz` and `OUT/NUMBER.json`: History, and what this process
wrote in FOLDER. With KILL_AT, a process kills itself before that step of the second epoch.
"""

import json
import os
import pathlib
import signal
import sys

import keras
import numpy as np

from kerasrecipes import augment, callbacks
from kerasrecipes._backend import processes

EPOCHS, BATCH = 3, 8
RNG = np.random.default_rng(0)
IMAGES = list(zip(RNG.integers(0, 256, (64, 6, 6, 1)).astype("uint8"), RNG.integers(0, 3, 64)))


class Kill(keras.callbacks.Callback):
    """Sends this process SIGKILL in the middle of the second epoch."""

    def __init__(self, at):
        super().__init__()
        self.at, self.epoch = at, 0

    def on_epoch_begin(self, epoch, logs=None):
        self.epoch = epoch

    def on_train_batch_begin(self, batch, logs=None):
        if (self.epoch, batch) == (1, self.at):
            os.kill(os.getpid(), signal.SIGKILL)


def network():
    keras.utils.set_random_seed(1)
    layers = [keras.Input((6, 6, 1)), keras.layers.Flatten(), keras.layers.Dense(8, "relu")]
    head = keras.layers.Dense(3, "softmax")
    model = keras.Sequential([*layers, keras.layers.BatchNormalization(), head])
    optimizer = keras.optimizers.SGD(0.1, momentum=0.9)
    model.compile(optimizer, "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def train(folder, extra=()):
    """Return History and the values of all variables, after a training in this process's part."""
    number, count = processes.process_number(), processes.process_count()
    transforms = [augment.CenterCrop(6, channels=1), augment.Normalize(127.5, 127.5)]
    share = {"batch_size": BATCH // count, "shard": (number, count), "threads": 1}
    resume = callbacks.Resume(folder / "state", every_steps=1)
    training = augment.pipeline(
        IMAGES, transforms, training=True, start_step=resume.step, drop_remainder=True, **share
    )
    validation = augment.pipeline(IMAGES[:16], transforms, training=False, **share)
    best = callbacks.BestSnapshot(
        "val_loss", filepath=folder / "best.keras", every_steps=3, validation_data=validation
    )
    sgdr = callbacks.SGDR(0.1, 1, 1)
    snapshots = callbacks.SnapshotEnsemble(sgdr, directory=folder / "snapshots")
    model = network()
    history = model.fit(
        training, epochs=EPOCHS, steps_per_epoch=training.steps_per_pass, shuffle=False, verbose=0,
        validation_data=validation,
        callbacks=[sgdr, snapshots, best, callbacks.PolyakAveraging(0.9), resume, *extra],
    )  # fmt: skip
    assert resume.finished
    members = [value for epoch in snapshots.epochs for value in snapshots.weights(epoch)]
    variables = [keras.ops.convert_to_numpy(variable) for variable in model.variables]
    return history.history, [*variables, *members]


def record_writes(folder):
    """Return a list that grows by each file in `folder` that is opened for writing or renamed."""
    written = []

    def hook(event, arguments):
        is_write = event == "open" and arguments[2] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT)
        if (is_write or event in ("os.rename", "os.remove", "os.mkdir")) and str(folder) in str(
            arguments[0]
        ):
            written.append(f"{event} {arguments[0]}")

    sys.addaudithook(hook)
    return written


def main(folder, out, kill_at=None):
    processes.join()
    keras.distribution.set_distribution(keras.distribution.DataParallel(auto_shard_dataset=False))
    written = record_writes(folder)
    history, values = train(folder, [Kill(int(kill_at))] if kill_at else [])
    name = str(processes.process_number())
    np.savez(out / name, *values)
    (out / f"{name}.json").write_text(json.dumps([history, written]))


if __name__ == "__main__":
    main(*map(pathlib.Path, sys.argv[1:3]), *sys.argv[3:])
