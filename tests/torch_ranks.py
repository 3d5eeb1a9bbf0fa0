"""A fit of a small network, alone or as one of two PyTorch processes; and what it gave."""

import contextlib
import itertools
import os
import warnings

import keras
import numpy as np

from kerasrecipes import layers
from kerasrecipes._backend import random_draws
from kerasrecipes._backend.torch_ranks import TorchRanks
from kerasrecipes.callbacks import PolyakAveraging, Resume
from kerasrecipes.experiment import TrainingConfig
from kerasrecipes.experiment.replicas import Replicas

EPOCHS, STEPS, BATCH, HELD_OUT = 2, 3, 8, 7


def images():
    draw = np.random.default_rng(0)
    pixels = draw.normal(2.0, 3.0, (STEPS * BATCH, 6, 6, 3)).astype("float32")
    return pixels, draw.integers(0, 3, STEPS * BATCH)


def network(seed):
    keras.utils.set_random_seed(seed)
    model = keras.Sequential(
        [
            keras.Input((6, 6, 3)),
            keras.layers.Conv2D(4, 3, kernel_regularizer=keras.regularizers.L2(0.01)),
            keras.layers.BatchNormalization(momentum=0.5),
            keras.layers.ReLU(),
            layers.DecorrelatedBatchNormalization(group_size=2, momentum=0.5),
            keras.layers.Flatten(),
            keras.layers.Dense(5),
            keras.layers.BatchNormalization(momentum=0.5),
            keras.layers.Dense(3, activation="softmax"),
        ]
    )
    optimizer = keras.optimizers.SGD(0.05, 0.9, nesterov=True)
    metrics = ["accuracy", keras.metrics.TopKCategoricalAccuracy(2, name="top")]
    loss = keras.losses.CategoricalCrossentropy(label_smoothing=0.1)
    model.compile(optimizer, loss, metrics=[], weighted_metrics=metrics)
    return model


def trained(rank=None, more=(), first_step=0):
    """Return the weights, History, and logs of each batch; of a rank, from its part."""
    model, (pixels, labels) = network(seed=rank or 0), images()
    one_hot = np.eye(3, dtype="float32")[labels]
    place = (rank, 2) if rank is not None else (0, 1)

    def batches():
        for number in itertools.count(first_step):
            begin = number % STEPS * BATCH
            part = slice(begin + place[0], begin + BATCH, place[1])
            yield pixels[part], one_hot[part]

    weights = np.r_[np.ones(HELD_OUT), 0.0].astype("float32")
    held_out = pixels[:BATCH] + 1, one_hot[:BATCH], weights
    held_out = tuple(part[place[0] :: place[1]] for part in held_out)
    seen = []
    each = keras.callbacks.LambdaCallback(on_train_batch_end=lambda _, logs: seen.append({**logs}))
    average = PolyakAveraging(0.5, warmup=False)  # it copies the weights as it begins
    history = model.fit(
        batches(), steps_per_epoch=STEPS, epochs=EPOCHS, verbose=0,
        validation_data=held_out, callbacks=[average, *callbacks(rank), each, *more],
    )  # fmt: skip
    found = [{name: float(value) for name, value in logs.items()} for logs in seen]
    return model.get_weights(), history.history, found


def of_rank(rank, folder):
    """Return {what: what a rank gives}: everything that is tested, as a process takes seconds."""
    warnings.simplefilter("error", FutureWarning)  # of what PyTorch is going to take away
    return {
        "trained": trained(rank),
        "resumed": resumed(rank, folder),
        "statistics": statistics(rank),
        "seed": seed_after_share(rank),
        "masks": masks(rank),
        "sum": sum_after_error(rank),
    }


def resumed(rank, folder):
    """Return the weights and History of a fit that an error ends within an epoch, and a second."""

    class Killed(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            if batch == STEPS - 1:
                raise KeyboardInterrupt

    first = Resume(folder, every_steps=1)
    with contextlib.suppress(KeyboardInterrupt):
        trained(rank, [first, Killed()], first.step)
    second = Resume(folder, every_steps=1)
    assert second.step == STEPS - 1
    return trained(rank, [second], second.step)


def statistics(rank):
    """Return the statistics of parts of the batch, kept by a first layer, whatever is behind it."""
    draw = np.random.default_rng(0).normal(size=(8, 6)).astype("float32")
    model = keras.Sequential([layers.GhostBatchNormalization(), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    part = draw if rank is None else draw[rank::2]
    model.fit(part, part[:, :1], batch_size=8, epochs=2, verbose=0, callbacks=callbacks(rank))
    return [variable.numpy() for variable in model.non_trainable_weights][:1]


class OwnDropout(keras.layers.Dropout):
    """A subclass of a user."""


class Gate(keras.layers.Layer):
    """A layer of a user with a seed generator of its own."""

    def __init__(self, rate, seed):
        super().__init__()
        self.rate, self.seed_generator = rate, keras.random.SeedGenerator(seed)

    def call(self, inputs):
        drawn = keras.random.uniform(keras.ops.shape(inputs), seed=self.seed_generator)
        return inputs * keras.ops.cast(drawn > self.rate, inputs.dtype)


def _of_layer(layer):
    model = keras.Sequential([keras.Input((64,)), layer])
    model.compile("sgd", "mse")
    return model


def seed_after_share(rank):
    """Return the state that the host knows of a seed which had been drawn from before."""
    model = _of_layer(keras.layers.Dropout(0.5, seed=rank))
    generator = model.layers[0].seed_generator
    random_draws.draw_bits((8,), 0.5, generator)
    TorchRanks().share(model)
    return random_draws._torch_next(generator)


def masks(rank):
    """Return the masks of random layers, with a seed and without: joined, and after the end."""
    found, ones = [], np.ones((2, 64), "float32")
    for kind, seed in itertools.product((keras.layers.Dropout, OwnDropout, Gate), (1, None)):
        keras.utils.set_random_seed(0)
        model = _of_layer(kind(0.5, seed=seed))
        ranks = TorchRanks()
        ranks.begin(model)
        joined = model(ones, training=True)
        ranks.end()
        found.append([keras.ops.convert_to_numpy(x) for x in (joined, model(ones, training=True))])
    return found


def sum_after_error(rank):
    """Return the sum that a metric has on this rank after its result could not be had."""
    model = _of_layer(keras.layers.Dropout(0.5, seed=1))
    model.seen = keras.metrics.Mean()
    model.seen.update_state(rank + 1.0)

    def fail():
        raise ValueError

    ranks, model.get_metrics_result = TorchRanks(), fail
    ranks.begin(model)
    with contextlib.suppress(ValueError):
        model.get_metrics_result()
    return float(model.seen.total)


def callbacks(rank):
    """Return the callbacks that join a rank with the others."""
    if rank is None:
        return []
    os.environ.update(RANK=str(rank), WORLD_SIZE="2")
    return [Replicas(TrainingConfig(devices=2, batch_size=BATCH))]
