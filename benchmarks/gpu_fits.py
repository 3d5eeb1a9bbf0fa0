"""The rows of `gpu.py` that train networks in `fit`, on one batch over and over."""

import itertools
import statistics
import time

import keras
import numpy as np

from kerasrecipes import callbacks, models

FINAL_RATE = 0.5
DROPPED = 0.255  # of the blocks, by the linear rule to 0.5: 1 - (3L - 1) / 4L


class EpochClock(keras.callbacks.Callback):
    """Times epochs; at an epoch's end Keras reads the loss, and so waits for the device."""

    def __init__(self):
        super().__init__()
        self.times = []

    def on_epoch_begin(self, epoch, logs=None):
        self.start = time.perf_counter()

    def on_epoch_end(self, epoch, logs=None):
        self.times.append(time.perf_counter() - self.start)


def polyak(small, rounds):
    """The rate of `fit` with `PolyakAveraging` over that without."""
    depth, batch, steps = (8, 8, 2) if small else (20, 512, 100)
    model, data = compiled(depth, batch, small)
    rates = {"without": [], "with": []}
    for round_ in range(1 + min(rounds, 4)):
        for name, extra in (("without", []), ("with", [callbacks.PolyakAveraging()])):
            seconds = seconds_of_epoch(model, data, steps, extra)
            if round_:  # the first compiles
                rates[name].append(batch * steps / seconds)
    ours, theirs = (statistics.median(rates[name]) for name in ("with", "without"))
    return {
        "peer": "without", "shape": f"ResNet-{depth}, {batch}, bf16", "ours": ours,
        "theirs": theirs, "unit": "images/s", "ratio": ours / theirs, "goal": 0.98,
        "more_is_better": True,
    }  # fmt: skip


def stochastic_depth(small, rounds):
    """The share of the time saved, over the share of the blocks that is dropped."""
    depth, batch, steps = (8, 8, 2) if small else (110, 1024, 20)
    networks = {
        rate: compiled(depth, batch, small, stochastic_depth=rate, **mode)
        for rate, mode in ((0.0, {}), (FINAL_RATE, {"stochastic_depth_mode": "batch"}))
    }
    seconds = {rate: [] for rate in networks}
    for round_ in range(1 + min(rounds, 3)):
        for rate, (model, data) in networks.items():
            found = seconds_of_epoch(model, data, steps)
            if round_:
                seconds[rate].append(1e3 * found / steps)
    without, ours = (statistics.median(found) for found in seconds.values())
    return {
        "peer": "work dropped", "shape": f"ResNet-{depth}, {batch}, bf16", "ours": ours,
        "theirs": without, "unit": "ms a step", "ratio": (1 - ours / without) / DROPPED,
        "goal": 0.8, "more_is_better": True,
    }  # fmt: skip


def resnet_50(small, rounds):
    """Images a second of ResNet-50 on one batch repeated."""
    depth, batch, steps = (8, 8, 2) if small else (50, 256, 20)
    model, data = compiled(depth, batch, small, (224, 224, 3), 1000)
    seconds = [seconds_of_epoch(model, data, steps) for _ in range(1 + min(rounds, 3))]
    rate = batch * steps / statistics.median(seconds[1:])
    shape = f"ResNet-{depth}, {batch}, bf16"
    return {"peer": "one batch repeated", "shape": shape, "ours": rate, "unit": "images/s"}


def seconds_of_epoch(model, data, steps, extra=()):
    clock = EpochClock()
    batches = (data for _ in itertools.count())
    model.fit(batches, steps_per_epoch=steps, verbose=0, shuffle=False, callbacks=[*extra, clock])
    return clock.times[-1]


def compiled(depth, batch, small, shape=(32, 32, 3), classes=10, **options):
    """Return a network and a batch that is on the device already; a small one is 8 pixels wide."""
    shape = (8, 8, 3) if small else shape
    policy = "float32" if small else "mixed_bfloat16"
    keras.config.set_dtype_policy(policy)
    model = models.resnet(depth, shape, classes, seed=0, **options)
    keras.config.set_dtype_policy("float32")
    model.compile(keras.optimizers.SGD(0.01, momentum=0.9), "sparse_categorical_crossentropy")
    rng = np.random.default_rng(0)
    x = rng.normal(size=(batch, *shape)).astype("float32")
    y = rng.integers(0, classes, batch)
    return model, tuple(keras.ops.convert_to_tensor(value) for value in (x, y))


FIT_ROWS = {
    "PolyakAveraging": polyak,
    "StochasticDepth": stochastic_depth,
    "ResNet-50": resnet_50,
}
