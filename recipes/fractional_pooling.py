"""Fractional max pooling, tested by one pass and by twelve over redrawn regions.

Graham, 2014, https://arxiv.org/abs/1412.6071: pooling by a factor between 1 and 2 over random
regions shrinks images gently, so that a network can pool more often; each pass over an image is
another distortion of it, and testing averages the probabilities of several passes.

    python recipes/fractional_pooling.py  # 1 pass 83.5%, 12 passes 84.5 ± 1.2%, 2 x 55 s
    python recipes/fractional_pooling.py --pooling-ratio 1.26 --passes 100
    python recipes/fractional_pooling.py --data cifar10.npz --width 64 --epochs 100

The run's folder has the report, the curves, and the network as `model.keras`, which takes raw
pixels. Full size not run; results: recipes/README.md.
"""

import dataclasses
import time

from kerasrecipes_flags import ComparisonConfig, flag, parse_first

SMALLEST_SIDE = 3
PAYS = (
    "It should pay in networks with more poolings, trained for hundreds of epochs: their passes "
    "differ more."
)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Config(ComparisonConfig):
    """The flags of this recipe, over those of every training recipe."""

    epochs: int = flag(10, "epochs of training", "[1, 1000000]")
    batch_size: int = flag(64, "images per step", "[1, 1000000]")
    width: int = flag(
        16, "filters of the first convolution; each further has as many more", "[1, 1000000]"
    )
    pooling_ratio: float = flag(1.414, "by how much a pooling shrinks an image", "(1, 2]")
    disjoint: bool = flag(False, "pool over disjoint regions instead of overlapping windows")
    random: bool = flag(False, "shuffle the increments instead of shifting even ones")
    passes: int = flag(12, "passes of the second test", "[1, 1000000]")
    learning_rate: float = flag(0.005, "first rate; falls to 0 along a cosine", "(0, inf)")
    momentum: float = flag(0.9, "fraction of the velocity kept at each update", "[0, 1)")


parse_first(Config)  # --help and refused flags end here, before the slow imports

from kerasrecipes import data, evaluation, experiment, inference, layers, schedules

import keras
import numpy as np


def main(config):
    """Train, test by one and by several passes, report. Returns the content of `metrics.json`."""
    with experiment.run(config, "fractional_pooling") as run:
        images = data.load(config.data, **config.data_options())
        print(experiment.describe_images(images))
        compared = experiment.Comparison(run, images)
        with run.replicas.scope():
            updates = config.epochs * compared.training.steps_per_pass
            schedule = schedules.SnapshotCosine(config.learning_rate, max(1, updates), cycles=1)
            optimizer = keras.optimizers.SGD(
                schedule, momentum=config.momentum, **config.optimizer_options()
            )
            model = network(config, images, compared.size)
            loss = keras.losses.SparseCategoricalCrossentropy()
            metrics = run.replicas.metrics(["accuracy"])
            model.compile(optimizer, loss, **metrics, jit_compile=run.jit)
        history = model.fit(
            compared.training,
            epochs=config.epochs,
            steps_per_epoch=compared.training.steps_per_pass,
            validation_data=compared.validation,
            callbacks=run.callbacks(images),
            shuffle=False,
            verbose=0,
        )
        model = run.replicas.on_one_device(model)
        results = [
            averaged(model, compared.testing, passes, config.seed) for passes in (1, config.passes)
        ]
        return compared.close(model, history, results, pays=PAYS)


def network(config, images, size):
    """Convolutions with a fractional pooling after each, until the image is 3 pixels wide."""
    inputs = keras.Input((size, size, images.channels))
    x, number = inputs, 0
    axis = 1 if keras.config.image_data_format() == "channels_last" else 2
    while number == 0 or x.shape[axis] > SMALLEST_SIDE:
        x = keras.layers.Conv2D(
            config.width * (number + 1),
            3,
            padding="same",
            activation="leaky_relu",
            kernel_initializer=keras.initializers.HeNormal(seed=config.seed + number),
        )(x)
        x = layers.FractionalMaxPooling2D(
            config.pooling_ratio,
            pseudo_random=not config.random,
            overlapping=not config.disjoint,
            seed=config.seed + number,
        )(x)
        number += 1
    x = keras.layers.Flatten()(x)
    start = keras.initializers.GlorotUniform(seed=config.seed)
    head = keras.layers.Dense(images.num_classes, "softmax", kernel_initializer=start)
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
