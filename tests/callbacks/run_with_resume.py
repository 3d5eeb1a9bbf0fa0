"""A training run with everything random in it, as a process that tests can kill.

`python run_with_resume.py FOLDER [steps_per_execution] [accumulation]` trains, or goes on, prints a
line a step, and leaves `result.npz` in FOLDER.
"""

import itertools
import json
import os
import signal
import sys

import keras
import numpy as np

from kerasrecipes import callbacks
from kerasrecipes.callbacks import _state_file

EPOCHS, STEPS, BATCH = 3, 24, 8


def batches(start_step):
    """Yield endless batches, each a function of its number alone."""
    for step in itertools.count(start_step):
        random = np.random.default_rng([7, step])
        labels = random.integers(0, 3, BATCH).astype("int32")
        images = random.normal(labels[:, None, None, None], 1.0, (BATCH, 6, 6, 2))
        yield images.astype("float32"), labels


def dataset(start_step):
    """Return the batches as the backend's own kind of data set."""
    if keras.backend.backend() == "tensorflow":
        import tensorflow as tf

        images = tf.TensorSpec((None, 6, 6, 2), tf.float32)
        labels = tf.TensorSpec((None,), tf.int32)
        return tf.data.Dataset.from_generator(
            lambda: batches(start_step), output_signature=(images, labels)
        )
    if keras.backend.backend() == "torch":
        import torch

        class Stream(torch.utils.data.IterableDataset):
            def __iter__(self):
                return batches(start_step)

        return torch.utils.data.DataLoader(Stream(), batch_size=None)
    return batches(start_step)


def network():
    keras.utils.set_random_seed(1)
    return keras.Sequential(
        [
            keras.Input((6, 6, 2)),
            keras.layers.Conv2D(4, 3, use_bias=False),
            keras.layers.BatchNormalization(),
            keras.layers.ReLU(),
            keras.layers.Dropout(0.2),
            keras.layers.GlobalAveragePooling2D(),
            keras.layers.Dense(3),
        ]
    )


class PrintSteps(keras.callbacks.Callback):
    """Print how many updates the optimizer has done, before each step."""

    def on_train_batch_begin(self, batch, logs=None):
        print("step", int(self.model.optimizer._iterations.numpy()), flush=True)


def train(folder, steps_per_execution=1, accumulation=None, extra=(), seen=None, **options):
    """Train to the end and return (history, weights)."""
    model = network()
    schedule = keras.optimizers.schedules.CosineDecay(0.1, EPOCHS * STEPS)
    model.compile(
        keras.optimizers.SGD(schedule, momentum=0.9, gradient_accumulation_steps=accumulation),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
        steps_per_execution=steps_per_execution,
    )
    resume = callbacks.Resume(os.path.join(folder, "state"), **options)
    random = np.random.default_rng(3)
    validation = random.normal(size=(16, 6, 6, 2)).astype("float32"), random.integers(0, 3, 16)
    history = model.fit(
        dataset(resume.step),
        steps_per_epoch=STEPS,
        epochs=EPOCHS,
        shuffle=False,
        verbose=0,
        validation_data=validation,
        callbacks=[*extra, resume],
    )
    variables = [*model.variables, *model.optimizer.variables]
    return history, [keras.ops.convert_to_numpy(variable) for variable in variables]


def kill_inside_write(moment, number):
    """SIGKILL this process inside the call of os.fsync, os.replace or write with that number."""
    module, name = (_state_file, "write_body") if moment == "write" else (os, moment)
    function, calls = getattr(module, name), itertools.count(1)

    def call(*arguments):
        if next(calls) < number:
            return function(*arguments)
        if moment == "write":
            arguments[0].write(b"kerasrecipes state 1")
            arguments[0].flush()
        return os.kill(os.getpid(), signal.SIGKILL)

    setattr(module, name, call)


if __name__ == "__main__":
    if "KILL_IN" in os.environ:
        kill_inside_write(os.environ["KILL_IN"], int(os.environ["KILL_AT"]))
    folder, *numbers = sys.argv[1:]
    size, accumulation = (int(number) for number in [*numbers, 1, 0][:2])
    history, weights = train(folder, size, accumulation or None, [PrintSteps()], every_steps=1)
    with open(os.path.join(folder, "history.json"), "w") as file:
        json.dump([history.epoch, history.history], file)
    np.savez(os.path.join(folder, "result.npz"), *weights)
    print("done", flush=True)
