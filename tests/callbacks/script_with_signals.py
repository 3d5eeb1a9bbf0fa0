"""A plain training script with callbacks in a given order, as a process that gets signals.

`python script_with_signals.py FOLDER CALLBACKS [steps]`: letters of `CALLBACKS` in their order, as
in `make_callbacks`; `steps` lets data go on by `resume.step`. It prints a line a step. The variable
`EVERY_STEPS` is that of `Resume`.
"""

import contextlib
import itertools
import json
import os
import signal
import sys
import time

import keras
import numpy as np

from kerasrecipes import callbacks, experiment

signal.signal(signal.SIGHUP, signal.SIG_DFL)  # tests under `nohup` would pass on that it is ignored
EPOCHS, STEPS, BATCH = 3, 6, 4


def batches(start_step):
    """Yield endless batches, each a function of its number alone."""
    for step in itertools.count(start_step):
        random = np.random.default_rng([3, step])
        yield random.normal(size=(BATCH, 4)).astype("float32"), random.integers(0, 3, BATCH)


def say(line):
    """Print; a terminal may be closed an instant before its signal comes."""
    with contextlib.suppress(OSError):
        print(line, flush=True)


class PrintSteps(keras.callbacks.Callback):
    """Print each step and each validation, and give the test time to send a signal."""

    def on_train_batch_begin(self, batch, logs=None):
        say("step")
        time.sleep(0.05)

    def on_test_begin(self, logs=None):
        say("validation")
        time.sleep(float(os.environ.get("SECONDS_OF_VALIDATION", "0.3")))


def make_callbacks(letters, folder):
    every_steps = int(os.environ.get("EVERY_STEPS", "0")) or None
    kinds = {
        "R": lambda: callbacks.Resume(os.path.join(folder, "state"), every_steps),
        "B": lambda: callbacks.BestSnapshot("loss"),
        "F": lambda: callbacks.BestSnapshot(filepath=os.path.join(folder, "best.keras")),
        "S": lambda: callbacks.SGDR(0.1, 1, 1),
        "P": lambda: callbacks.PolyakAveraging(0.9),
        "L": lambda: callbacks.PlateauFactor("val_loss", 0.5, 1),
        "E": lambda: callbacks.SnapshotEnsemble(every_epochs=1),
        "D": lambda: callbacks.SnapshotEnsemble(
            every_epochs=1, directory=os.path.join(folder, "snapshots")
        ),
        "O": lambda: experiment.Progress(),
        "A": lambda: callbacks.ActivationStatistics(batches(50).__next__()[0]),
    }
    return [kinds[letter]() for letter in letters]


def train(folder, letters, goes_on, extra=()):
    keras.utils.set_random_seed(0)
    layers = [keras.Input((4,)), keras.layers.Dropout(0.2), keras.layers.Dense(3)]
    model = keras.Sequential(layers)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    jit = keras.backend.backend() == "jax"  # TensorFlow's XLA compiles longer than this trains
    model.compile(keras.optimizers.SGD(0.1, momentum=0.9), loss, jit_compile=jit)
    others = make_callbacks(letters, folder)
    resume = next((other for other in others if isinstance(other, callbacks.Resume)), None)
    if goes_on:
        x, y, options = batches(resume.step), None, {"steps_per_epoch": STEPS}
    else:
        parts = zip(*itertools.islice(batches(0), STEPS))
        (x, y), options = (np.concatenate(part) for part in parts), {"batch_size": BATCH}
    history = model.fit(
        x, y, epochs=EPOCHS, shuffle=False, verbose=0, callbacks=[*extra, *others],
        validation_data=next(batches(99)), **options,
    )  # fmt: skip
    return model, history


if __name__ == "__main__":
    folder, letters, *steps = sys.argv[1:]
    model, history = train(folder, letters, bool(steps), [PrintSteps()])
    np.savez(os.path.join(folder, "result.npz"), *model.get_weights())
    with open(os.path.join(folder, "history.json"), "w") as file:
        json.dump([history.epoch, history.history], file)
    say("done")
