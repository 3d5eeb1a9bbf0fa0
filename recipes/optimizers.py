"""Optimizers on three surfaces, in noise, and on images with rates tuned at equal budget.

The optimizers of Stanford's CS231n, https://cs231n.github.io/neural-networks-3/: SGD, momentum,
Nesterov, AdaGrad, RMSProp, Adam and AdaDelta as Keras has them, L-BFGS and BFGS as SciPy has them,
and Newton's method, on a badly conditioned valley, a saddle and a local minimum; full batches
against mini-batches; both forms of momentum under a falling rate; and schedules side by side. Then
a small network learns images by each optimizer: four rates are tried with the same number of
epochs, the best on held-out images is run with several seeds, and the ranking has intervals.

    python recipes/optimizers.py
    python recipes/optimizers.py --data cifar10.npz --seeds 10 --epochs 20

The run's folder has `paths.gif`, the pictures, the table and the report. SciPy:
`pip install 'kerasrecipes[lbfgs]'`. Time and results: recipes/README.md.
"""

import dataclasses

from kerasrecipes_flags import RunConfig, flag, parse_first

IMAGE_RATES = {
    "SGD": 0.3, "momentum": 0.1, "Nesterov": 0.1, "AdaGrad": 0.1, "RMSProp": 3e-3, "Adam": 3e-3,
    "AdaDelta": 3.0,
}  # fmt: skip
HEADER = ("Optimizer", "Rate", "Accuracy", "95% interval", "Training loss")
EDGE = "The best rate of {} is at the end of those tried: another may be better."


@dataclasses.dataclass(frozen=True, kw_only=True)
class Config(RunConfig):
    """The flags of this recipe, over those of every recipe with runs."""

    epochs: int = flag(8, "epochs of each training; evaluations of L-BFGS", "[1, 10000]")
    batch_size: int = flag(128, "images per step", "[1, 1000000]")
    images: int = flag(3000, "training images", "[20, 1000000]")
    seeds: int = flag(5, "trainings of each optimizer with its best rate", "[1, 1000]")
    steps: int = flag(60, "steps on each surface", "[2, 10000]")
    units: int = flag(64, "hidden units of the network", "[1, 10000]")


parse_first(Config)  # --help and refused flags end here, before the slow imports

from kerasrecipes import data, experiment
from kerasrecipes.evaluation.baselines import TEST_IMAGES, flat_pixels
from kerasrecipes.evaluation.path_figures import paths_figure, paths_gif, rates_figure
from kerasrecipes.experiment import optimizer_panels as show
from kerasrecipes.experiment.optimizer_contest import Contest

import keras
import numpy as np


def main(config):
    """Draw the paths, rank the optimizers. Returns the content of `metrics.json`."""
    with experiment.run(config, "optimizers") as run:
        images = data.load(config.data, **config.data_options())
        print(experiment.describe_images(images))
        panels = show.surface_panels(config.steps)
        noise = paths_figure(show.noise_panels(config.steps, config.seed))
        figures = [
            ("paths", "Paths over the contours; a point per step.", paths_figure(panels)),
            ("paths", "The same, moving.", paths_gif(panels)),
            ("noise", "The same rate on all examples, on 20 and on 1 at a time; and the two forms "
             "of momentum under a falling rate.", noise),
            ("schedules", "Schedules over 100 steps.", rates_figure(show.decays(100))),
        ]  # fmt: skip
        results = rank(config, images, run.jit)
        rows, protocols = [], {}
        for one in results:
            low, high = one.interval()
            accuracy = float(np.mean(one.accuracies))
            rate = "none" if one.rate is None else f"{one.rate:.2g}"
            rows.append([one.name, rate, f"{accuracy:.4f}", f"{low:.4f} to {high:.4f}",
                         f"{np.mean(one.losses):.4f}"])  # fmt: skip
            protocols[one.name] = {
                "accuracy": accuracy, "images": min(TEST_IMAGES, images.test_size or TEST_IMAGES),
                "images_per_second": round(one.images_per_second, 1),
            }  # fmt: skip
        headline = f"{rows[0][0]} is first of {len(rows)}: accuracy {rows[0][2]} ({rows[0][3]})."
        notes = ["Where intervals overlap, the order may be chance."]
        notes += [EDGE.format(one.name) for one in results if one.at_edge]
        tables = [("Ranking", HEADER, rows)]
        return experiment.close_table(run, images, headline, notes, figures, tables, protocols)


def rank(config, images, jit):
    """The result of each optimizer on the images, the most accurate first."""
    size = min(32, images.short_side)
    sets = ((images.train, config.images + config.images // 4),
            (images.test or images.validation, TEST_IMAGES))  # fmt: skip
    (x, y), (test_x, test_y) = (flat_pixels(one, size, images.channels, n) for one, n in sets)
    mean, std = x.mean(axis=0), x.std() + 1e-6
    x, test_x = (x - mean) / std, (test_x - mean) / std
    order = np.random.default_rng(config.seed).permutation(len(x))
    held, rest = np.split(order, [len(x) // 5])

    def network(seed):
        initializer = keras.initializers.HeNormal(seed=seed)
        hidden = keras.layers.Dense(config.units, "relu", kernel_initializer=initializer)
        last = keras.layers.Dense(images.num_classes)
        return keras.Sequential([keras.Input(x.shape[1:]), hidden, last])

    seeds = range(config.seed, config.seed + config.seeds)
    contest = Contest(
        network, (x[rest], y[rest]), (x[held], y[held]), (test_x, test_y), config.epochs,
        config.batch_size, seeds, jit,
    )  # fmt: skip
    results = []
    for name, rate in IMAGE_RATES.items():
        results.append(contest.run(name, show.optimizer_of(name, rate), rate))
        print(f"{name}: accuracy {np.mean(results[-1].accuracies):.4f}")
    results.append(contest.run_lbfgs("L-BFGS"))
    return sorted(results, key=lambda one: -np.mean(one.accuracies))


if __name__ == "__main__":
    experiment.command_line(main, Config)
