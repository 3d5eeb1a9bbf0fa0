"""What the first weights do: signal and gradient through depth, for each initialisation.

Glorot & Bengio, 2010, https://proceedings.mlr.press/v9/glorot10a.html: with weights too small the
signal dies out from layer to layer, with weights too large it saturates the layers or explodes. He,
Zhang, Ren & Sun, 2015, https://arxiv.org/abs/1502.01852, have the scale for ReLU; Mishkin & Matas,
2015, https://arxiv.org/abs/1511.06422 (LSUV), measure it. Nothing is trained: one batch of images
goes forward and back through networks of dense layers.

    python recipes/initialization.py
    python recipes/initialization.py --depth 30 --width 256

The run's folder has two pictures, `activations.png` and `gradients.png`: the standard deviation of
each layer's outputs, and the size of their gradients, with and without batch normalisation; and
the table in `metrics.json`. Results: recipes/README.md.
"""

import collections
import dataclasses

from kerasrecipes_flags import TrainingConfig, flag, parse_first

ACTIVATIONS = ("sigmoid", "tanh", "relu", "leaky_relu", "elu", "maxout")
SMALL, LARGE = 0.01, 1.0
NAMES = ("zero", "small", "large", "xavier", "glorot", "he", "orthogonal", "lsuv")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Config(TrainingConfig):
    """The flags of this recipe, over those of every training recipe."""

    batch_size: int = flag(256, "images that go through the networks", "[2, 65536]")
    depth: int = flag(10, "hidden layers", "[2, 1000]")
    width: int = flag(128, "units of every other hidden layer; half of them between", "[2, 65536]")


parse_first(Config)  # --help and refused flags end here, before the slow imports

from kerasrecipes import augment, callbacks, data, evaluation, experiment, initializers, layers

import keras
import numpy as np
from matplotlib.figure import Figure


def main(config):
    """Look at every network, draw and print. Returns the content of `metrics.json`."""
    with experiment.run(config, "initialization") as run:
        x, y, classes = one_batch(config)
        records = {}
        for normalized in (False, True):
            for activation in ACTIVATIONS:
                model = network(config, x.shape[1], classes, activation, normalized)
                for name in NAMES:
                    initialize(config, model, name, x)
                    records[normalized, activation, name] = look(config, model, x, y)
            print(table(records, normalized), end="\n\n")
        for field, title in (("deviation", "activations"), ("gradient", "gradients")):
            run.write(f"{title}.png", evaluation.figure_png(picture(records, field, title)))
        verdicts = {
            f"{activation} {name}{' normalised' if normalized else ''}": verdict(record)
            for (normalized, activation, name), record in records.items()
        }
        metrics = run.metrics_of(verdicts)
        run.close(metrics)
        return metrics


def one_batch(config):
    """Return pixels of mean 0 and standard deviation 1, as rows, their labels, and the classes."""
    images = data.load(config.data, **config.data_options())
    size = min(images.short_side, 32)
    crop = augment.CenterCrop(size, size, channels=images.channels)
    x, y = next(iter(augment.pipeline(images.train, [crop], config.batch_size, training=True,
                                      seed=config.seed)))  # fmt: skip
    x = np.asarray(x, "float32").reshape(len(x), -1)
    return (x - x.mean()) / max(x.std(), 1e-6), np.asarray(y), images.num_classes


def network(config, inputs, classes, activation, normalized):
    """Dense layers, each with normalisation if asked for and its activation."""
    is_maxout = activation == "maxout"
    kind = layers.Maxout if is_maxout else keras.layers.Dense
    model = keras.Sequential([keras.Input((inputs,))])
    for i in range(config.depth):
        model.add(kind(config.width if i % 2 == 0 else max(1, config.width // 2)))
        if normalized:
            model.add(keras.layers.BatchNormalization())
        last = "linear" if is_maxout else activation
        model.add(keras.layers.Activation(last, name=f"layer_{i + 1}"))
    model.add(keras.layers.Dense(classes, name="scores"))
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.SGD(0.0), loss, jit_compile=False)
    return model


def initialize(config, model, name, x):
    """Give each hidden layer new weights, and the last one those of Xavier."""
    if name == "lsuv":
        initializers.LSUV(seed=config.seed)(model, x)
        return
    kernels = [layer.kernel for layer in model.layers if hasattr(layer, "kernel")]
    for i, kernel in enumerate(kernels):
        inputs = kernel.shape[0]  # maxout: of each piece
        kind = "xavier" if kernel is kernels[-1] else name
        kernel.assign(initializer(kind, inputs, config.seed + i)(tuple(kernel.shape)))


def initializer(name, inputs, seed):
    """Return the Keras initialiser of a kernel."""
    normal, scaling = keras.initializers.RandomNormal, keras.initializers.VarianceScaling
    return {
        "zero": keras.initializers.Zeros(),
        "small": normal(stddev=SMALL, seed=seed),
        "large": normal(stddev=LARGE, seed=seed),
        "xavier": normal(stddev=inputs**-0.5, seed=seed),  # as in the lecture
        "glorot": scaling(1.0, "fan_avg", "uniform", seed=seed),
        "he": scaling(2.0, "fan_in", "untruncated_normal", seed=seed),
        "orthogonal": keras.initializers.Orthogonal(seed=seed),
    }[name]


def look(config, model, x, y):
    """Return the statistics of each hidden layer before training, and what is wrong with it."""
    names = [f"layer_{i + 1}" for i in range(config.depth)]
    statistics = callbacks.ActivationStatistics(x, y, layers=names)
    model.fit(x, y, len(x), callbacks=[statistics], verbose=0)
    return statistics.records[0], statistics.diagnosis(0)


def verdict(record):
    """Return in a word what becomes of signal and gradient from the first layer to the last."""
    layers_seen, diagnosis = list(record[0].values()), record[1]
    first, last = layers_seen[0], layers_seen[-1]
    if last.deviation < 1e-6:
        return "no signal"
    wrong = collections.Counter(word for word in diagnosis.values() if word != "fine")
    if wrong:
        return wrong.most_common(1)[0][0]
    if last.deviation > 10 * first.deviation:
        return "signal explodes"
    return "gradient explodes" if first.gradient > 30 * last.gradient else "fine"


def table(records, normalized):
    """Return the verdicts as a table: initialisations over activations."""
    lines = [["with batch normalisation" if normalized else "without", *ACTIVATIONS]]
    for name in NAMES:
        lines.append([name, *(verdict(records[normalized, a, name]) for a in ACTIVATIONS)])
    widths = [max(map(len, column)) for column in zip(*lines)]
    return "\n".join("  ".join(map(str.ljust, line, widths)).rstrip() for line in lines)


def picture(records, field, title):
    """Return a figure of one figure of each layer over depth, a line for each initialisation."""
    figure = Figure(figsize=(3.2 * len(ACTIVATIONS), 7), layout="constrained")
    grid = figure.subplots(2, len(ACTIVATIONS), sharex=True, sharey=True)
    for (normalized, activation, name), (record, _) in records.items():
        axes = grid[int(normalized)][ACTIVATIONS.index(activation)]
        values = np.array([getattr(layer, field) for layer in record.values()])
        values = np.clip(values, 1e-12, 1e6)
        style = "--" if name == "lsuv" else "-"
        axes.plot(range(1, len(values) + 1), values, style, color=f"C{NAMES.index(name)}",
                  label=name, alpha=0.85)  # fmt: skip
        axes.set(yscale="log", title=activation + (", normalised" if normalized else ""))
        axes.grid(alpha=0.3)
    grid[0][0].legend(fontsize=8)
    figure.supxlabel("layer")
    figure.supylabel({"deviation": "standard deviation", "gradient": "size of gradient"}[field])
    figure.suptitle(f"{title.capitalize()} through depth, before training")
    return figure


if __name__ == "__main__":
    experiment.command_line(main, Config)
