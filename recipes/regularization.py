"""Techniques against overfitting, each at its best strength, on the same few images.

The regularisation of Stanford's CS231n, https://cs231n.github.io/neural-networks-2/: L1, L2,
elastic net, max-norm, dropout in both forms (Srivastava et al., 2014), DropConnect (Wan et al.,
2013), random shifts, batch normalisation, label smoothing and early stopping. All networks have the
same initial weights and see the same batches, in one compiled step. First, three strengths of each
technique are trained with one seed, and held-out images choose; then each is trained with every
seed, which draws other weights and training images. Differences to "none" are taken seed by seed.

    python recipes/regularization.py  # vanilla dropout 79.8%, dropout 79.5%, 87 s
    python recipes/regularization.py --images 2000 --seeds 10
    python recipes/regularization.py --data cifar10.npz --units 512 --epochs 100

The run's folder has the table, the differences with their intervals as `comparison.png`, the
histograms of the weights as `weights.png`, and the report. Time and results: recipes/README.md.
"""

import dataclasses
import time

from kerasrecipes_flags import RunConfig, flag, parse_first

STRENGTHS = {
    "none": (None,), "L1": (3e-4, 1e-3, 3e-3), "L2": (1e-2, 3e-2, 1e-1),
    "elastic net": (1e-4, 3e-4, 1e-3), "max-norm": (0.5, 0.7, 1.0), "dropout": (0.1, 0.25, 0.5),
    "vanilla dropout": (0.1, 0.25, 0.5), "DropConnect": (0.25, 0.5, 0.75),
    "augmentation": (1, 2, 3), "batch norm": (None,), "label smoothing": (0.1, 0.2, 0.4),
}  # fmt: skip


@dataclasses.dataclass(frozen=True, kw_only=True)
class Config(RunConfig):
    """The flags of this recipe, over those of every recipe with runs."""

    epochs: int = flag(40, "epochs of each training", "[1, 10000]")
    batch_size: int = flag(50, "images per step", "[1, 1000000]")
    images: int = flag(500, "training images of each seed; twice as many held out", "[1, 1000000]")
    seeds: int = flag(5, "trainings of each technique", "[2, 1000]")
    units: int = flag(128, "units of each of the two hidden layers", "[1, 10000]")
    learning_rate: float = flag(0.02, "first rate; falls to 0 along a cosine", "(0, inf)")
    momentum: float = flag(0.9, "fraction of the velocity kept at each update", "[0, 1)")


parse_first(Config)  # --help and refused flags end here, before the slow imports

from kerasrecipes import data, experiment, layers, schedules
from kerasrecipes.experiment import regularization_report as report
from kerasrecipes.experiment.drawn_sets import DrawnSets
from kerasrecipes.experiment.paired_trainings import PairedTrainings
from kerasrecipes.experiment.vanilla_dropout import VanillaDropout

import keras


def main(config):
    """Choose the strengths, train with every seed, report. Returns `metrics.json`."""
    with experiment.run(config, "regularization") as run:
        images = data.load(config.data, **config.data_options())
        print(experiment.describe_images(images))
        sets = DrawnSets(images, config.images, config.seeds)
        print(sets.sentence)
        options = (config.epochs, config.batch_size)
        tried = {(name, one): (name, one) for name, many in STRENGTHS.items() for one in many}
        trainings = side_by_side(config, images.num_classes, sets, tried, run.jit)
        strengths = most_accurate(trainings.train(config.seed, *sets.draw(config.seed), *options))
        print("Strengths: " + ", ".join(f"{k} {v:g}" for k, v in strengths.items() if v))
        chosen = {name: (name, one) for name, one in strengths.items()}
        trainings = side_by_side(config, images.num_classes, sets, chosen, run.jit)
        found = []
        for seed in range(config.seed, config.seed + config.seeds):
            start = time.perf_counter()
            found.append(trainings.train(seed, *sets.draw(seed), *options, stop="none"))
            print(f"Seed {seed}: {time.perf_counter() - start:.0f} seconds")
        results = {name: [one[name] for one in found] for name in found[0]}
        networks, last = trainings.networks, sets.draw(seed)
        return report.close(run, images, strengths, STRENGTHS, results, networks, last)


def most_accurate(found):
    """{technique: strength}, each the most accurate on held-out images."""
    return {
        name: max(many, key=lambda one: found[name, one].held_accuracy)  # noqa: B023
        for name, many in STRENGTHS.items()
    }


def side_by_side(config, classes, sets, chosen, jit):
    """The trainings of {key: (technique, strength)}."""
    updates = config.epochs * -(-sets.count // config.batch_size)
    schedule = schedules.SnapshotCosine(config.learning_rate, updates, cycles=1)
    optimizer = keras.optimizers.SGD(schedule, momentum=config.momentum)
    smoothing = {key: one for key, (name, one) in chosen.items() if name == "label smoothing"}

    def networks(seed):
        return {
            key: network(config.units, sets.shape, classes, *one, seed)
            for key, one in chosen.items()
        }

    return PairedTrainings(networks, smoothing, optimizer, config.seed, jit)


def network(units, shape, classes, technique, strength, seed):
    """Two hidden layers with one technique at one strength; one seed, so the same start."""
    penalties = {
        "L1": lambda: keras.regularizers.L1(strength),
        "L2": lambda: keras.regularizers.L2(strength / 2),
        "elastic net": lambda: keras.regularizers.L1L2(strength, 5 * strength),
    }
    options = {"kernel_regularizer": penalties.get(technique, lambda: None)()}
    x = inputs = keras.Input(shape)
    if technique == "augmentation":
        shift = (strength / shape[0], strength / shape[1])
        x = keras.layers.RandomTranslation(*shift, "nearest", "nearest", seed=seed)(x)
    x = keras.layers.Flatten()(x)
    for s in (seed, (seed + 1) % 2**32):
        start = keras.initializers.HeNormal(s)
        if technique == "DropConnect":  # what is kept starts with He's variance
            start = keras.initializers.VarianceScaling(2 / (1 - strength), seed=s)
            x = layers.DropConnectDense(
                units, strength, mask="gaussian", kernel_initializer=start, seed=s
            )(x)
        else:
            limit = keras.constraints.MaxNorm(strength) if technique == "max-norm" else None
            x = keras.layers.Dense(
                units, kernel_initializer=start, kernel_constraint=limit, **options
            )(x)
        x = keras.layers.BatchNormalization()(x) if technique == "batch norm" else x
        x = keras.layers.ReLU()(x)
        if technique in ("dropout", "vanilla dropout"):
            dropout = keras.layers.Dropout if technique == "dropout" else VanillaDropout
            x = dropout(strength, seed=s)(x)
    start = keras.initializers.HeNormal((seed + 2) % 2**32)
    last = keras.layers.Dense(classes, kernel_initializer=start, dtype="float32", **options)
    return keras.Model(inputs, last(x))


if __name__ == "__main__":
    experiment.command_line(main, Config)
