"""What a network must beat: simple classifiers on the pixels."""

from typing import Any

import keras
import numpy as np

from kerasrecipes import augment
from kerasrecipes._progress import progress
from kerasrecipes.evaluation.nearest_neighbours import nearest_neighbours
from kerasrecipes.evaluation.pick import evenly_spaced
from kerasrecipes.losses import MulticlassHinge

SIDE = 32
TRAINING_IMAGES = 10000
TEST_IMAGES = 2000
NEIGHBOURS = 5
STEPS = 600
BATCH_SIZE = 256


def pixel_baselines(images: Any, size: int, seed: int = 0) -> dict[str, float]:
    """Return the test accuracies of nearest neighbours and of linear classifiers on the pixels.

    Five nearest neighbours by Euclidean distance; a linear softmax; and a linear support vector
    machine, that is `losses.MulticlassHinge` with an L2 penalty. They see whole images of at most
    32 pixels, evenly spaced ones of a large set, and take seconds: a network that does not beat
    them has learnt nothing of images.

    Args:
        images: `data.ImageData`. Without a test set, the validation set is tested.
        size: int >= 1, side in pixels; larger ones are taken as 32.
        seed: int, of the order of the training images. Defaults to 0.

    Returns:
        dict from a name to the accuracy, a float.

    Example:

    >>> import numpy as np
    >>> from kerasrecipes import data, evaluation
    >>> labels = np.arange(60) % 3
    >>> pixels = np.broadcast_to(labels[:, None, None] * 100, (60, 8, 8)).astype("uint8")
    >>> images = data.load((pixels, labels, pixels, labels))
    >>> evaluation.pixel_baselines(images, size=8)["5 nearest neighbours"]
    1.0
    """
    size = min(size, SIDE)
    train = flat_pixels(images.train, size, images.channels, TRAINING_IMAGES)
    test = flat_pixels(images.test or images.validation, size, images.channels, TEST_IMAGES)
    mean, std = train[0].mean(axis=0), train[0].std() + 1e-6
    train, test = (((x - mean) / std, y) for x, y in (train, test))
    classes = images.num_classes
    fits = {
        f"{NEIGHBOURS} nearest neighbours": lambda: _nearest_neighbours(*train, *test),
        "linear softmax": lambda: _linear(*train, *test, classes, "softmax", seed),
        "linear SVM": lambda: _linear(*train, *test, classes, "hinge", seed),
    }
    accuracies = {}
    with progress("fitting simple classifiers", len(fits)) as advance:
        for name, fit in fits.items():
            accuracies[name] = fit()
            advance(1)
    return accuracies


def flat_pixels(dataset, size, channels, limit):
    """Return pixels (N, values), float32 in 0..255, and labels of evenly spaced images."""
    indices = evenly_spaced(len(dataset), limit)
    crop = augment.CenterCrop(size, size, channels)
    batches = augment.pipeline(dataset.subset(indices), [crop], BATCH_SIZE, training=False)
    pixels, labels = zip(*batches.as_numpy_iterator())
    return np.concatenate(pixels).reshape(len(indices), -1), np.concatenate(labels)


def _nearest_neighbours(pixels, labels, test_pixels, test_labels):
    predicted = nearest_neighbours(pixels, labels, test_pixels, NEIGHBOURS)
    return float(np.mean(predicted == test_labels))


def _linear(pixels, labels, test_pixels, test_labels, classes, kind, seed):
    penalty = keras.regularizers.L2(1e-3)
    layer = keras.layers.Dense(classes, kernel_initializer="zeros", kernel_regularizer=penalty)
    model = keras.Sequential([keras.Input(pixels.shape[1:]), layer])
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    loss = loss if kind == "softmax" else MulticlassHinge()
    rate = keras.optimizers.schedules.CosineDecay(1e-3, STEPS)
    model.compile(keras.optimizers.Adam(rate), loss, jit_compile=False)
    model.fit(_batches(pixels, labels, seed), steps_per_epoch=STEPS, shuffle=False, verbose=0)
    kernel, bias = model.get_weights()
    scores = test_pixels @ kernel + bias
    return float(np.mean(scores.argmax(axis=1) == test_labels))


def _batches(pixels, labels, seed):
    """Yield batches without end, shuffled in each epoch."""
    rng = np.random.default_rng(seed)
    while True:
        order = rng.permutation(len(pixels))
        for start in range(0, len(pixels), BATCH_SIZE):
            rows = order[start : start + BATCH_SIZE]
            yield pixels[rows], labels[rows]
