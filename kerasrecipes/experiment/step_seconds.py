"""How long a training step of several networks takes."""

import statistics
import time
from typing import Any

import keras
import numpy as np

from kerasrecipes._progress import progress

TIMED_STEPS = 15


def step_seconds(networks: Any, training: Any, jit: Any) -> dict[str, float]:
    """Return the median seconds of a training step of a copy of each network, timed in turn.

    Args:
        networks: dict from name to a Keras model from images to probabilities.
        training: batches of images and labels; the first one is trained on.
        jit: `jit_compile` of `compile`.
    """
    batch, labels = map(np.asarray, next(iter(training.take(1)))[:2])
    copies = {name: keras.models.clone_model(network) for name, network in networks.items()}
    seconds = {name: [] for name in copies}
    for copy in copies.values():
        copy.compile("sgd", "sparse_categorical_crossentropy", jit_compile=jit)
        copy.train_on_batch(batch, labels)
    with progress("timing steps", TIMED_STEPS) as advance:
        for _ in range(TIMED_STEPS):
            for name, copy in copies.items():
                start = time.perf_counter()
                copy.train_on_batch(batch, labels)
                seconds[name].append(time.perf_counter() - start)
            advance(1)
    return {name: statistics.median(values) for name, values in seconds.items()}
