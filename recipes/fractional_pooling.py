"""Fractional max pooling, tested by one pass and by twelve over redrawn regions.

Graham, 2014, https://arxiv.org/abs/1412.6071: pooling by a factor between 1 and 2 over random
regions shrinks images gently, so that a network can pool more often; each pass over an image is
another distortion of it, and testing averages the probabilities of several passes. `--poolings N`
is his network: its sizes run backwards from one pixel, so the image stands in a field of zeros.
Here 12 passes led by 0.6 and 1.5 points. Against one pass, not against other poolings: max pooling
by 2 is more accurate in networks and trainings so small (docs/evidence/claims.md).

    python recipes/fractional_pooling.py  # 1 pass 83.7%, 12 passes 84.8 ± 0.3%, 2 x 119 s
    python recipes/fractional_pooling.py --pooling-ratio 1.26 --passes 100
    python recipes/fractional_pooling.py --data cifar10.npz --preset paper

The run's folder has the report, the curves, and the network as `model.keras`, which takes raw
pixels. Full size not run; results: recipes/README.md.
"""

import dataclasses
import math
import time
from typing import Any, ClassVar

from kerasrecipes_flags import ComparisonConfig, check_effect, flag, parse_first

SMALLEST_SIDE = 3
SCHEDULES = ("cosine", "exponential")
BY_EPOCH = math.exp(-0.005)  # in Graham's code
PAYS = "It should pay with more poolings and hundreds of epochs, where passes differ more."


@dataclasses.dataclass(frozen=True, kw_only=True)
class Config(ComparisonConfig):
    """The flags of this recipe, over those of every training recipe."""

    PRESETS: ClassVar[dict[str, dict[str, Any]]] = {"cifar10": {
        "poolings": 12, "pooling_ratio": 1.26, "width": 40, "dropout": 0.5, "passes": 12,
        "epochs": 810, "batch_size": 50, "crops": "pad", "learning_rate": 0.0015,
        "schedule": "exponential", "momentum": 0.99, "nesterov": True,
        "weight_decay": 0.0,
    }}  # fmt: skip
    NOT_AS_IN_THE_PAPER: ClassVar[str] = (
        "a quarter of its 160 filters; rate, momentum and epochs are of his code, cifar10big.cpp, "
        "the rate converted to the mean loss; flips and crops of 4 pixels, in the last 10 epochs "
        "too, no stretching, slanting, turning, colours; dropout by image"
    )

    epochs: int = flag(10, "epochs of training", "[1, 1000000]")
    batch_size: int = flag(64, "images per step", "[1, 1000000]")
    width: int = flag(16, "filters of the first convolution, and more of each next", "[1, 1000000]")
    pooling_ratio: float = flag(1.414, "by how much a pooling shrinks an image", "(1, 2]")
    disjoint: bool = flag(False, "pool over disjoint regions instead of overlapping windows")
    random: bool = flag(False, "shuffle the increments instead of shifting even ones")
    poolings: int | None = flag(None, "Graham's network of so many poolings", "[1, 20]")
    dropout: float = flag(0.0, "last drop rate of Graham's network, from 0 up with depth", "[0, 1)")
    passes: int = flag(12, "passes of the second test", "[1, 1000000]")
    learning_rate: float = flag(0.005, "first rate", "(0, inf)")
    schedule: str = flag("cosine", "exponential: times exp(-0.005) each epoch", None, SCHEDULES)

    def __post_init__(self):
        super().__post_init__()
        check_effect(self, dropout="poolings")


parse_first(Config)  # --help and refused flags end here, before the slow imports

from kerasrecipes import data, evaluation, experiment, inference, layers, models
from kerasrecipes.optimizers import decay_kernels

import keras
import numpy as np


def main(config):
    """Train, test by one and by several passes, report. Returns the content of `metrics.json`."""
    with experiment.run(config, "fractional_pooling") as run:
        images = data.load(config.data, **config.data_options())
        print(experiment.describe_images(images))
        compared = experiment.Comparison(run, images)
        with run.replicas.scope():
            optimizer = keras.optimizers.SGD(
                falling_rate(config, config.epochs * compared.training.steps_per_pass),
                momentum=config.momentum, nesterov=config.nesterov, **config.optimizer_options(),
            )  # fmt: skip
            model = network(config, images, compared.size)
            decay_kernels(model, optimizer, config.weight_decay)
            loss, metrics = "sparse_categorical_crossentropy", run.replicas.metrics(["accuracy"])
            model.compile(optimizer, loss, **metrics, jit_compile=run.jit)
        history = model.fit(
            compared.training, epochs=config.epochs, validation_data=compared.validation,
            steps_per_epoch=compared.training.steps_per_pass, callbacks=run.callbacks(images),
            shuffle=False, verbose=0,
        )  # fmt: skip
        model = run.replicas.on_one_device(model)
        # Each pass redraws all that is random: what is tested has no dropout.
        tested = network(dataclasses.replace(config, dropout=0.0), images, compared.size)
        tested.set_weights(model.get_weights())
        several, seed = (1, config.passes), config.seed
        results = [averaged(tested, compared.testing, passes, seed) for passes in several]
        return compared.close(model, history, results, pays=PAYS)


def falling_rate(config, updates):
    """The schedule of the rate; an exponential one is a step after each epoch."""
    kind = "cosine" if config.schedule == "cosine" else "steps"
    ends = [epoch / config.epochs for epoch in range(1, config.epochs)]
    return experiment.falling_rate(kind, config.learning_rate, updates, ends, BY_EPOCH)


def network(config, images, size):
    """Convolutions with a fractional pooling after each, until the image is 3 pixels wide."""
    shape, classes = (size, size, images.channels), images.num_classes
    kinds = {"pseudo_random": not config.random, "overlapping": not config.disjoint}
    if config.poolings:
        return models.fractional_network(
            shape, classes, config.poolings, config.width, config.pooling_ratio,
            dropout=config.dropout, seed=config.seed, **kinds,
        )  # fmt: skip
    inputs = keras.Input(shape)
    x, number = inputs, 0
    axis = 1 if keras.config.image_data_format() == "channels_last" else 2
    while number == 0 or x.shape[axis] > SMALLEST_SIDE:
        seed = config.seed + number
        start = keras.initializers.HeNormal(seed=seed)
        x = keras.layers.Conv2D(
            config.width * (number + 1), 3, padding="same", activation="leaky_relu",
            kernel_initializer=start,
        )(x)  # fmt: skip
        x = layers.FractionalMaxPooling2D(config.pooling_ratio, seed=seed, **kinds)(x)
        number += 1
    x = keras.layers.Flatten()(x)
    start = keras.initializers.GlorotUniform(seed=config.seed)
    head = keras.layers.Dense(classes, "softmax", kernel_initializer=start)
    head.dtype_policy = keras.DTypePolicy("float32")
    return keras.Model(inputs, head(x))


def averaged(model, testing, passes, seed):
    """Test by the mean probabilities of several passes, each over regions of its own."""
    labels = [int(label) for _, batch in testing for label in batch]
    start = time.perf_counter()
    probabilities = inference.monte_carlo_predict(model, testing, passes, seed=seed).mean
    rate = round(len(labels) / (time.perf_counter() - start), 1)
    name = f"{passes} passes" if passes > 1 else "1 pass"
    return evaluation.TestResult(name, 1, probabilities, np.array(labels), rate)


if __name__ == "__main__":
    experiment.command_line(main, Config)
