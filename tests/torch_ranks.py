"""A fit of a small network, alone or as one of two PyTorch processes; and what it gave."""

import keras
import numpy as np

from kerasrecipes import layers

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


def trained(rank=None):
    """Return the weights, History, logs of each batch, and statistics; of a rank, from its part."""
    model, (pixels, labels) = network(seed=rank or 0), images()
    one_hot = np.eye(3, dtype="float32")[labels]
    place = (rank, 2) if rank is not None else (0, 1)

    def batches():
        while True:
            for step in range(STEPS):
                part = slice(step * BATCH + place[0], (step + 1) * BATCH, place[1])
                yield pixels[part], one_hot[part]

    weights = np.r_[np.ones(HELD_OUT), 0.0].astype("float32")
    held_out = pixels[:BATCH] + 1, one_hot[:BATCH], weights
    held_out = tuple(part[place[0] :: place[1]] for part in held_out)
    seen = []
    each = keras.callbacks.LambdaCallback(on_train_batch_end=lambda _, logs: seen.append({**logs}))
    history = model.fit(
        batches(), steps_per_epoch=STEPS, epochs=EPOCHS, verbose=0,
        validation_data=held_out, callbacks=[*callbacks(rank), each],
    )  # fmt: skip
    found = [{name: float(value) for name, value in logs.items()} for logs in seen]
    return model.get_weights(), history.history, found, statistics(rank)


def statistics(rank):
    """Return the statistics of parts of the batch, kept by a first layer, whatever is behind it."""
    draw = np.random.default_rng(0).normal(size=(8, 6)).astype("float32")
    model = keras.Sequential([layers.GhostBatchNormalization(), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    part = draw if rank is None else draw[rank::2]
    model.fit(part, part[:, :1], batch_size=8, epochs=2, verbose=0, callbacks=callbacks(rank))
    return [variable.numpy() for variable in model.non_trainable_weights][:1]


def callbacks(rank):
    """Return the callbacks that join a rank with the others."""
    from kerasrecipes._backend.torch_ranks import TorchRanks

    if rank is None:
        return []
    ranks = TorchRanks()
    callback = keras.callbacks.LambdaCallback(
        on_train_begin=lambda logs: ranks.begin(callback.model),
        on_train_end=lambda logs: ranks.end(),
    )
    return [callback]
