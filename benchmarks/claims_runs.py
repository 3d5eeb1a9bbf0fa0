"""What the trainings of `claims.py` share: images, networks, one fit, its measures."""

import dataclasses
import time
import warnings
from collections.abc import Callable
from typing import Any

import keras
import numpy as np

from kerasrecipes import augment, data, evaluation, models, schedules

MEASURES = ("accuracy", "loss", "calibration_error")
PREDICTED_AT_ONCE = 500


@dataclasses.dataclass(frozen=True)
class Claim:
    """What a technique is said to give, and the function that measures it.

    Attributes:
        name: str, its folder of results.
        measure: function of `Images` that returns {arm: result}; its docstring is the setting.
        paper: str, the figures of the paper.
        data: `"fashion_mnist"` or `"cifar10"`.
        count: int, training images, drawn anew for each seed.
        pairs: tuple of (baseline, technique); empty for the first arm against each other one.
    """

    name: str
    measure: Callable[..., dict[str, Any]]
    paper: str
    data: str = "fashion_mnist"
    count: int = 6000
    pairs: tuple[tuple[str, str], ...] = ()

    @property
    def setting(self) -> str:
        """What was trained, in a sentence or two."""
        drawn = f"{self.count:,} training images of {self.data}"
        return f"{' '.join((self.measure.__doc__ or '').split())} {drawn}."


@dataclasses.dataclass(frozen=True)
class Images:
    """Training images that a seed draws, and all test images; pixels from 0 to 255."""

    x: np.ndarray
    y: np.ndarray
    x_test: np.ndarray
    y_test: np.ndarray
    seed: int

    @property
    def shape(self):
        """Height, width and channels."""
        return self.x.shape[1:]


def drawn(arrays, count, seed):
    """Return the `Images` of a seed; every `count` of the same seed has the same beginning."""
    if len(arrays["x_train"]) < count:
        raise ValueError(
            f"A claim needs {count} training images. Received: {len(arrays['x_train'])}"
        )
    order = np.random.default_rng(seed).permutation(len(arrays["x_train"]))[:count]
    x, y = arrays["x_train"][order], arrays["y_train"][order]
    return Images(x, y, arrays["x_test"], arrays["y_test"], seed)


class Clock:
    """Seconds on the wall, and of processor time, in which other programs do not count."""

    def __init__(self, earlier=(0.0, 0.0)):
        self._began = (time.perf_counter(), time.process_time())
        self._earlier = earlier

    def read(self):
        """Return (wall, processor) seconds since the clock was made, and what it was given."""
        now = (time.perf_counter(), time.process_time())
        return tuple(e + n - b for e, n, b in zip(self._earlier, now, self._began))


def fit(model, images, epochs, rate, batch_size=64, transforms=(), optimizer=None, **options):
    """Train by SGD with Nesterov momentum, the rate falling along a cosine; return the `Clock`.

    Args:
        rate: float, the first rate, or a function of the number of steps that returns a schedule.
        transforms: of training images, in `augment.pipeline`.
        optimizer: a Keras optimizer in place of SGD, with a rate of its own.
        **options: of `model.fit`.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # images that Fashion-MNIST has twice
        loaded = data.load((images.x, images.y, images.x_test[:10], images.y_test[:10]))
    batches = augment.pipeline(
        loaded.train, list(transforms), batch_size, training=True, seed=images.seed
    )
    steps = epochs * batches.steps_per_pass
    if optimizer is None:
        schedule = rate(steps) if callable(rate) else schedules.SnapshotCosine(rate, steps, 1)
        optimizer = keras.optimizers.SGD(schedule, momentum=0.9, nesterov=True)
    model.compile(optimizer, "sparse_categorical_crossentropy", jit_compile=False)
    keras.utils.set_random_seed(images.seed)
    clock = Clock()
    model.fit(
        batches, epochs=epochs, steps_per_epoch=batches.steps_per_pass, shuffle=False, verbose=0,
        **options,
    )  # fmt: skip
    return Clock(clock.read())


def result(probabilities, images, clock):
    """Return the measures of test probabilities, and what they took."""
    metrics = evaluation.classification_metrics(probabilities, images.y_test)
    wall, processor = clock.read()
    return {
        **{name: round(float(metrics[name]), 6) for name in MEASURES},
        "seconds": round(wall, 2), "processor_seconds": round(processor, 2),
    }  # fmt: skip


def predicted(model, images):
    """Return the probabilities of the test images."""
    return model.predict(images.x_test, batch_size=PREDICTED_AT_ONCE, verbose=0)


def trained(model, images, epochs, rate, **options):
    """Train and test; return the result."""
    clock = fit(model, images, epochs, rate, **options)
    return result(predicted(model, images), images, clock)


def standardised(images, size=None):
    """Return an input of pixels, and the same with mean 0 and standard deviation 1 by channel."""
    pixels = images.x.astype("float32")
    mean, std = pixels.mean(axis=(0, 1, 2)), pixels.std(axis=(0, 1, 2))
    inputs = keras.Input((size, size, images.shape[-1]) if size else images.shape)
    return inputs, keras.layers.Rescaling(list(1 / std), list(-mean / std))(inputs)


def convolutional(images, normalization="batch", seed=None, size=None, before=None):
    """Three convolutions of 16, 32 and 64 filters, normalised and pooled, and a classifier.

    Args:
        seed: int, of the weights; `None` is that of the images.
        before: a layer in place of the standardisation of the inputs.
    """
    seed = images.seed if seed is None else seed
    inputs, x = standardised(images, size)
    x = x if before is None else before(inputs)
    for number, filters in enumerate((16, 32, 64)):
        start = keras.initializers.HeNormal(seed=1000 * seed + number)
        x = keras.layers.Conv2D(
            filters, 3, padding="same", use_bias=False, kernel_initializer=start
        )(x)
        x = models.normalization_layer(normalization, filters)(x)
        x = keras.layers.MaxPooling2D(2)(keras.layers.ReLU()(x))
    return classified(inputs, keras.layers.GlobalAveragePooling2D()(x), seed)


def classified(inputs, features, seed):
    """Return the model with a softmax classifier of ten classes on the features."""
    start = keras.initializers.GlorotUniform(seed=1000 * seed + 999)
    return keras.Model(
        inputs, keras.layers.Dense(10, "softmax", kernel_initializer=start)(features)
    )


def relu_units(images, count):
    """Return the `hidden` of `dense`: layers of `count` rectified units, drawn by the seed."""

    def hidden(number):
        start = keras.initializers.HeNormal(seed=1000 * images.seed + number)
        return keras.layers.Dense(count, "relu", kernel_initializer=start)

    return hidden


def dense(images, hidden, before=None):
    """Two hidden layers that `hidden(number)` makes, and a classifier."""
    inputs, x = standardised(images)
    x = keras.layers.Flatten()(x if before is None else before(inputs))
    for number in range(2):
        x = hidden(number)(x)
    return classified(inputs, x, images.seed)
