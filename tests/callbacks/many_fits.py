"""How much memory many fits of one compiled model take: `python many_fits.py KIND COUNT`.

Prints the megabytes that resident memory grows with each fit: without a callback, then with one.
"""

import gc
import json
import os
import sys

import keras
import numpy as np

from kerasrecipes.callbacks import (
    SGDR,
    ActivationStatistics,
    LearningRateFinder,
    PlateauFactor,
    PolyakAveraging,
)
from kerasrecipes.transfer import Phase, classifier, fine_tune

WARM_UP = 5
LAYERS = 150  # of two weights each

rng = np.random.default_rng(0)
x = rng.normal(size=(32, 4)).astype("float32")
images = rng.normal(size=(8, 8, 8, 3)).astype("float32")
labels = np.arange(8) % 2


def megabytes():
    gc.collect()
    with open("/proc/self/statm", encoding="ascii") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20


def growth(fit, count):
    for number in range(WARM_UP + count):
        if number == WARM_UP:
            before = megabytes()
        fit()
    return (megabytes() - before) / count


def deep_model():
    layers = [keras.layers.Dense(4, "tanh") for _ in range(LAYERS)]
    model = keras.Sequential([keras.Input((4,)), *layers])
    model.compile(keras.optimizers.SGD(1e-3), "mse")
    return model


def fits_with(*kinds):
    model = deep_model()

    def fit(callbacks=()):
        model.fit(x, x, batch_size=2, verbose=0, callbacks=list(callbacks))

    return fit, lambda: fit([kind() for kind in kinds])


def sgdr():
    return SGDR(1e-3, 1)


def plateau():
    return PlateauFactor("loss", 0.9, patience=1, min_delta=1e9)


def fine_tuning():
    """Compiling and training twice, by Keras alone and in two phases."""
    inputs = keras.Input((8, 8, 3))
    body = inputs
    for _ in range(10):
        body = keras.layers.Conv2D(3, 1)(body)
    model = classifier(keras.Model(inputs, body), classes=2)
    phases = [Phase("head", 1, 1e-3), Phase("all", 1, 1e-3)]

    def by_keras():
        for phase in phases:
            for layer in model.layers[:-1]:
                layer.trainable = phase.train == "all"
            model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
            model.fit(images, labels, verbose=0)

    return by_keras, lambda: fine_tune(model, (images, labels), phases, verbose=0)


FITS = {
    "PolyakAveraging": lambda: fits_with(PolyakAveraging),
    "LearningRateFinder": lambda: fits_with(LearningRateFinder),
    "ActivationStatistics": lambda: fits_with(lambda: ActivationStatistics(x, x)),
    "SGDR": lambda: fits_with(sgdr),
    "PlateauFactor": lambda: fits_with(plateau),
    "SGDR, PlateauFactor, PolyakAveraging": lambda: fits_with(sgdr, plateau, PolyakAveraging),
    "fine_tune": fine_tuning,
}

if __name__ == "__main__":
    plain, with_callback = FITS[sys.argv[1]]()
    count = int(sys.argv[2])
    print(json.dumps({"plain": growth(plain, count), "ours": growth(with_callback, count)}))
