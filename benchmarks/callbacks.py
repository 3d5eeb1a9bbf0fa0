"""What each callback adds to a training step, as ratios in one run, beside Keras's own.

    python benchmarks/callbacks.py                       # ResNet-20 at batch 128
    KERAS_BACKEND=jax python benchmarks/callbacks.py --depth 8 --batch-size 32 --steps 40

All contestants train at the same time and take turns step by step, so that what else the machine
does falls on all alike. Prints the median of the steps, its ratio to that of a fit without
callbacks, and for `Resume` what a write costs and the share of the time that it may take. (Its
interval counts wall time, the turns of the others too: here it writes far more often than in a
run of its own, and its ratio has a write in most steps.)
"""

import argparse
import os
import statistics
import tempfile
import threading
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np

from kerasrecipes import callbacks, models
from kerasrecipes.callbacks._write_clock import INTERVAL_IN_WRITES

WARM_UP = 3


class Turns:
    """Lets one of several threads run at a time, each until it has done a step."""

    def __init__(self, count):
        self.waiting = list(range(count))
        self.condition = threading.Condition()

    def wait(self, number):
        with self.condition:
            self.condition.wait_for(lambda: self.waiting[0] == number)

    def give_away(self, number, is_last=False):
        with self.condition:
            self.waiting.remove(number)
            if not is_last:
                self.waiting.append(number)
            self.condition.notify_all()


class Clock(keras.callbacks.Callback):
    """Times steps from turn to turn, all other callbacks included."""

    def __init__(self, turns, number):
        super().__init__()
        self.turns, self.number, self.start, self.times = turns, number, None, []

    def on_train_batch_begin(self, batch, logs=None):
        if self.start is not None:
            wait_for(self._model)
            self.times.append(time.perf_counter() - self.start)
            self.turns.give_away(self.number)
            self.turns.wait(self.number)
        self.start = time.perf_counter()


def wait_for(model):
    """Wait until the backend has computed what it was asked for."""
    if keras.backend.backend() == "jax":
        # `jax.block_until_ready` came back at once here; reading a weight does not.
        np.asarray(model._jax_state["trainable_variables"][0])


def contestants(folder):
    """Return {name: (optimizer options, callbacks)}."""
    return {
        "nothing": ({}, []),
        "PolyakAveraging": ({}, [callbacks.PolyakAveraging()]),
        "Keras use_ema": ({"use_ema": True}, []),
        "BestSnapshot": ({}, [callbacks.BestSnapshot("loss")]),
        "Keras EarlyStopping": (
            {},
            [keras.callbacks.EarlyStopping("loss", patience=9, restore_best_weights=True)],
        ),
        "SGDR": ({}, [callbacks.SGDR(0.1)]),
        "Resume": ({}, [positioned(callbacks.Resume(os.path.join(folder, "ours")))]),
        "Keras BackupAndRestore": (
            {},
            [keras.callbacks.BackupAndRestore(os.path.join(folder, "keras"))],
        ),
    }


def positioned(resume):
    """Promise data that go on, so that states are written inside epochs too."""
    _ = resume.step
    return resume


def train(options, turns, number, model_options, found, clock):
    """Train one contestant, in turn with the others."""
    random = np.random.default_rng(0)
    x = random.normal(size=(options.batch_size, 32, 32, 3)).astype("float32")
    y = random.integers(0, 10, options.batch_size)
    turns.wait(number)
    try:
        model = models.resnet(options.depth, (32, 32, 3), 10)
        optimizer = keras.optimizers.SGD(0.01, momentum=0.9, **model_options)
        loss = keras.losses.SparseCategoricalCrossentropy()
        model.compile(optimizer, loss, jit_compile=keras.backend.backend() == "jax")
        x, y = np.tile(x, (options.steps, 1, 1, 1)), np.tile(y, options.steps)
        model.fit(x, y, options.batch_size, epochs=1, verbose=0, callbacks=[*found, clock])
    finally:
        turns.give_away(number, is_last=True)


def compare(options):
    """Return {name: median seconds of a step} and the `Resume` that took part."""
    with tempfile.TemporaryDirectory() as folder:
        entries = contestants(folder)
        turns = Turns(len(entries))
        clocks = [Clock(turns, number) for number in range(len(entries))]
        threads = [
            threading.Thread(target=train, args=(options, turns, i, *entry, clocks[i]))
            for i, entry in enumerate(entries.values())
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        resume = entries["Resume"][1][0]
    medians = [statistics.median(clock.times[WARM_UP:]) for clock in clocks]
    return dict(zip(entries, medians)), resume


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--depth", type=int, default=20)
    parser.add_argument("--batch-size", type=int, default=128)
    parser.add_argument("--steps", type=int, default=20)
    options = parser.parse_args()
    medians, resume = compare(options)
    print(f"ResNet-{options.depth}, batch {options.batch_size}, {keras.backend.backend()}")
    print(f"{'callback':<24}{'ms a step':>12}{'ratio':>8}")
    for name, seconds in medians.items():
        print(f"{name:<24}{seconds * 1000:>12.1f}{seconds / medians['nothing']:>8.3f}")
    share = 1 / (1 + INTERVAL_IN_WRITES)
    print(f"a write of Resume {resume._clock.cost * 1000:.1f} ms, at most {share:.1%} of the time")


if __name__ == "__main__":
    main()
