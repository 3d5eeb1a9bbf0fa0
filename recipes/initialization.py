"""What the first weights do: signal and gradient through depth, before any training.

Stanford's CS231n, https://cs231n.github.io/neural-networks-2/#init: with weights too small the
signal dies out from layer to layer, with weights too large it explodes, or saturates the units.
Glorot & Bengio, 2010, https://proceedings.mlr.press/v9/glorot10a.html, and He et al., 2015,
https://arxiv.org/abs/1502.01852, have scales that keep it, for tanh and for ReLU; LSUV (Mishkin &
Matas, 2015, https://arxiv.org/abs/1511.06422) measures the scale on images. One batch of images
goes forward and back through 96 networks of dense layers.

    python recipes/initialization.py
    python recipes/initialization.py --depth 30 --width 256
    python recipes/initialization.py --narrow 0.25      # where Xavier and Glorot differ

The run's folder has `activations.png`, the standard deviation of each layer's outputs as a multiple
of the input's; `gradients.png`, the size of the gradient in each layer as a multiple of that in the
last; the report; and all numbers in `metrics.json`. Time and results: recipes/README.md.
"""

import dataclasses
import math

from kerasrecipes_flags import RunConfig, flag, parse_first

ACTIVATIONS = {
    "sigmoid": "sigmoid", "tanh": "tanh", "ReLU": "relu", "leaky ReLU": "leaky_relu", "ELU": "elu",
    "maxout": "linear",
}  # fmt: skip
WEIGHTS = ("zero", "small", "large", "Xavier", "Glorot", "He", "orthogonal", "LSUV")
SMALL, LARGE = 0.01, 1.0
NORMALIZATIONS = {"without batch norm": False, "with batch norm": True}


@dataclasses.dataclass(frozen=True, kw_only=True)
class Config(RunConfig):
    """The flags of this recipe, over those of every recipe with runs."""

    images: int = flag(256, "images that go through the networks", "[2, 65536]")
    depth: int = flag(10, "hidden layers", "[2, 1000]")
    width: int = flag(128, "units of a hidden layer", "[1, 65536]")
    narrow: float = flag(1.0, "units of every second layer, as a fraction of the others", "(0, 1]")


parse_first(Config)  # --help and refused flags end here, before the slow imports

from kerasrecipes import data, experiment, initializers, layers
from kerasrecipes.evaluation.baselines import flat_pixels
from kerasrecipes.experiment.depth_signal import HEALTHY, depth_pictures, depth_signal

import keras


def main(config):
    """Look at every network, draw and print. Returns the content of `metrics.json`."""
    with experiment.run(config, "initialization") as run:
        images = data.load(config.data, **config.data_options())
        print(experiment.describe_images(images))
        x, y = flat_pixels(images.train, min(images.short_side, 32), images.channels, config.images)
        x = (x - x.mean()) / (x.std() + 1e-6)
        names = [f"layer_{number + 1}" for number in range(config.depth)]
        networks, rows, counts = {}, [], []
        for heading, normalized in NORMALIZATIONS.items():
            seen = networks[heading] = {name: {} for name in ACTIVATIONS}
            for name in ACTIVATIONS:
                model = network(config, x.shape[1], images.num_classes, name, normalized)
                for weights in WEIGHTS:
                    initialize(config, model, weights, x)
                    seen[name][weights] = depth_signal(model, x, y, names)
            verdicts = [[seen[name][one].verdict for name in ACTIVATIONS] for one in WEIGHTS]
            rows += [[weights, heading, *row] for weights, row in zip(WEIGHTS, verdicts)]
            counts.append(f"{sum(row.count('fine') for row in verdicts)} {heading}")
        headline = (f"Of {len(WEIGHTS) * len(ACTIVATIONS)} networks of {config.depth} layers, "
                    f"signal and gradient stay healthy in {' and '.join(counts)}.")  # fmt: skip
        note = f"Healthy: within a factor of {HEALTHY:.0f} from the first layer to the last."
        table = "Verdicts", ("Weights", "Normalisation", *ACTIVATIONS), rows
        pictures = depth_pictures(networks)
        records = {
            f"{name}, {weights}, {heading}": one.to_dict()
            for heading, seen in networks.items()
            for name, by_weights in seen.items()
            for weights, one in by_weights.items()
        }
        return experiment.close_table(
            run, images, headline, [note], pictures, [table], networks=records
        )


def network(config, inputs, classes, activation, normalized):
    """Dense layers, each followed by normalisation, if asked for, and its activation."""
    layer = layers.Maxout if activation == "maxout" else keras.layers.Dense
    model = keras.Sequential([keras.Input((inputs,))])
    for number in range(config.depth):
        model.add(layer(math.ceil(config.width * (config.narrow if number % 2 else 1.0))))
        if normalized:
            model.add(keras.layers.BatchNormalization())
        model.add(keras.layers.Activation(ACTIVATIONS[activation], name=f"layer_{number + 1}"))
    model.add(keras.layers.Dense(classes))
    model.compile(loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    return model


def initialize(config, model, weights, x):
    """Give each hidden layer these weights; the last layer has Xavier's, but with LSUV."""
    if weights == "LSUV":
        initializers.LSUV(seed=config.seed)(model, x)
        return
    kernels = [layer.kernel for layer in model.layers if hasattr(layer, "kernel")]
    for number, kernel in enumerate(kernels):
        kind = weights if number < config.depth else "Xavier"
        shape = (kernel.shape[0], math.prod(kernel.shape[1:]))  # those of maxout have 3 axes
        values = initializer(kind, shape[0], (config.seed + number) % 2**32)(shape)
        kernel.assign(keras.ops.reshape(values, kernel.shape))


def initializer(weights, inputs, seed):
    """The Keras initializer of a kernel."""
    normal, scaling = keras.initializers.RandomNormal, keras.initializers.VarianceScaling
    return {
        "zero": keras.initializers.Zeros(),
        "small": normal(stddev=SMALL, seed=seed),
        "large": normal(stddev=LARGE, seed=seed),
        "Xavier": normal(stddev=inputs**-0.5, seed=seed),  # variance 1 / inputs, as in the lecture
        "Glorot": scaling(1.0, "fan_avg", "untruncated_normal", seed=seed),
        "He": scaling(2.0, "fan_in", "untruncated_normal", seed=seed),
        "orthogonal": keras.initializers.Orthogonal(seed=seed),
    }[weights]


if __name__ == "__main__":
    experiment.command_line(main, Config)
