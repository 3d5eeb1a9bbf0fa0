"""Averaged weights against raw ones, at a constant high learning rate.

Polyak & Juditsky, 1992, https://doi.org/10.1137/0330046: at a constant rate the weights wander
around a minimum; their average along the way is closer to it, for the price of adding the weights
up. In one run, the average and the weights it is made of are tested. The average forgets old
weights (`PolyakAveraging`), or is the mean of the weights that the last half of the epochs ended
with (`WeightAverage`; Izmailov et al., 2018, https://arxiv.org/abs/1803.05407).

    python recipes/polyak.py  # raw weights 86.1%, averaged 90.1 ± 0.8%, 2 x 70 s
    python recipes/polyak.py --average equal  # raw weights 85.9%, averaged 89.1 ± 0.6%, 2 x 84 s
    python recipes/polyak.py --decay 0.9
    python recipes/polyak.py --data cifar10.npz --depth 20 --epochs 100

The run's folder has the report, the curves (validation by the exponential average, or else by the
raw weights), and the averaged network as `model.keras`, which takes raw pixels. Full size not
run; results: recipes/README.md.
"""

import dataclasses

from kerasrecipes_flags import ComparisonConfig, flag, parse_first

AVERAGES = ("exponential", "equal")
LEAST_REACHES = 3  # trainings of fewer give an exponential average too few weights
PAYS = "It should pay at a rate that stays high; if it falls to 0, the last weights are as good."


@dataclasses.dataclass(frozen=True, kw_only=True)
class Config(ComparisonConfig):
    """The flags of this recipe, over those of every training recipe."""

    epochs: int = flag(10, "epochs of training", "[1, 1000000]")
    average: str = flag(
        "exponential", "how weights count: recent ones more, or all alike", None, AVERAGES
    )
    decay: float = flag(0.99, "fraction of an exponential average kept at each update", "[0, 1)")
    depth: int = flag(8, "layers: 6n+2 (8, 14, 20, ...) or 18, 34, 50, 101, 152", "[8, 2000]")
    learning_rate: float = flag(0.2, "rate of every update", "(0, inf)")


parse_first(Config)  # --help and refused flags end here, before the slow imports

from kerasrecipes import callbacks, data, experiment, models
from kerasrecipes.optimizers import decay_kernels

import keras


def main(config):
    """Train, test raw and averaged weights, report. Returns the content of `metrics.json`."""
    with experiment.run(config, "polyak") as run:
        images = data.load(config.data, **config.data_options())
        print(experiment.describe_images(images))
        compared = experiment.Comparison(run, images)
        with run.replicas.scope():
            model = build(config, images, compared.size, run)
        averaging = average(config, compared)
        history = model.fit(
            compared.training,
            epochs=config.epochs,
            steps_per_epoch=compared.training.steps_per_pass,
            validation_data=compared.validation,
            callbacks=[averaging, *run.callbacks(images)],
            shuffle=False,
            verbose=0,
        )
        results = compared.test({"raw_weights": raw_network(model, averaging), "averaged": model})
        steps = config.epochs * compared.training.steps_per_pass // config.accumulation_steps
        return compared.close(model, history, results, pays=pays(config, steps))


def build(config, images, size, run):
    """The compiled network, at a constant rate."""
    model = models.resnet(
        config.depth,
        (size, size, images.channels),
        images.num_classes,
        seed=config.seed,
    )
    optimizer = keras.optimizers.SGD(
        config.learning_rate, momentum=config.momentum, nesterov=config.nesterov,
        **config.optimizer_options(),
    )  # fmt: skip
    decay_kernels(model, optimizer, config.weight_decay)
    loss = keras.losses.SparseCategoricalCrossentropy()
    metrics = run.replicas.metrics(["accuracy"])
    model.compile(optimizer, loss, **metrics, jit_compile=run.jit)
    return model


def average(config, compared):
    """The callback that averages the weights."""
    if config.average == "exponential":
        return callbacks.PolyakAveraging(config.decay)
    return callbacks.WeightAverage(
        config.epochs // 2,
        recalibration_data=compared.training,
        recalibration_steps=compared.training.steps_per_pass,
    )


def pays(config, updates):
    """Why the average may not pay: it reaches too far for the training, or the rate falls."""
    if config.average == "exponential" and updates * (1 - config.decay) < LEAST_REACHES:
        return (
            f"The average reaches back over some {1 / (1 - config.decay):.0f} updates, too many "
            f"for a training of {updates}: train longer, or lower --decay."
        )
    return PAYS


def raw_network(model, averaging):
    """A copy of the network with the weights that training left, not their average."""
    copy = keras.models.clone_model(model)
    copy.set_weights(averaging.raw_weights())
    return copy


if __name__ == "__main__":
    experiment.command_line(main, Config)
