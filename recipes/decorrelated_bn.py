"""Decorrelated batch normalisation against batch normalisation, at a high learning rate.

Huang, Yang, Lang & Deng, 2018, https://arxiv.org/abs/1804.08450: whitening the activations of
groups of 16 channels, instead of only scaling them, conditions a deep plain network better, so
that a higher learning rate still trains it. Two networks of the same start, equal but for the
normalisation, see the same batches in one run: whitening led by 4.4 and 5.1 points in the two here,
in another network by 0.6 at 8 images a step and by -3.9 at 128 (docs/evidence/claims.md). The
paper's wide residual networks (`--wide`) have one whitening alone, after the first convolution.

    python recipes/decorrelated_bn.py  # batch 84.3%, decorrelated 89.1 ± 0.2%, 2 x 152 s
    python recipes/decorrelated_bn.py --learning-rate 0.05
    python recipes/decorrelated_bn.py --data cifar100.npz --preset paper  # WRN-28-10
    python recipes/decorrelated_bn.py --data cifar10.npz --preset paper-plain

The run's folder has the report, the curves of both, and the decorrelated network as `model.keras`,
which takes raw pixels. Full size not run; results: recipes/README.md.
"""

import dataclasses
from typing import Any, ClassVar

from kerasrecipes_flags import FALLS, ComparisonConfig, check_effect, flag, parse_first

KINDS = ("batch", "decorrelated")
STEPS_AT = {False: (0.5, 0.75), True: (0.3, 0.6, 0.8)}  # by --wide
ALIKE = (
    "the border of the crops is zeros instead of a reflection, only kernels decay, the short batch "
    "that ends an epoch is trained on too, the rate falls an epoch later and the momentum stays "
    "then instead of starting again at 0"
)
PAYS = (
    "It should pay in deeper networks without shortcuts and at high rates, where training with "
    "batch normalisation alone is slow."
)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Config(ComparisonConfig):
    """The flags of this recipe, over those of every training recipe."""

    PRESETS: ClassVar[dict[str, dict[str, Any]]] = dict.fromkeys(("cifar10", "cifar100"), {
        "wide": True, "depth": 28, "width": 10, "dropout": 0.3, "epochs": 200, "batch_size": 128,
        "crops": "pad", "learning_rate": 0.1, "schedule": "steps", "momentum": 0.9,
        "nesterov": True, "weight_decay": 5e-4,
    })  # fmt: skip
    MORE_PRESETS: ClassVar[dict[str, Any]] = {"paper-plain": {"cifar10": {
        "depth": 43, "width": 48, "growth": 1, "epochs": 160, "batch_size": 128, "crops": "pad",
        "learning_rate": 0.1, "schedule": "steps", "momentum": 0.9, "nesterov": False,
        "weight_decay": 5e-4, "affine": False,
    }}}  # fmt: skip
    NOT_AS_IN_THE_PAPER: ClassVar[dict[str, str]] = {
        "paper": f"{ALIKE}, epsilon of the whitening is 1e-5, not 1e-7, gammas start at 1, not "
        "between 0 and 1, kernels start by their fan-in instead of their fan-out",
        "paper-plain": f"{ALIKE}, pixels are normalised by channel and not prepared as by "
        "cifar.torch, the first convolution starts by its fan-in instead of its fan-out",
    }

    epochs: int = flag(8, "epochs of training", "[1, 1000000]")
    batch_size: int = flag(64, "images per step", "[1, 1000000]")
    wide: bool = flag(False, "a wide residual network, whitened after its first convolution")
    depth: int = flag(12, "convolutions one after another; wide: layers, 6n+4", "[3, 1000000]")
    width: int = flag(16, "filters of the first third; wide: multiplier of 16", "[1, 1000000]")
    dropout: float = flag(0.0, "drop rate in the blocks of the wide network", "[0, 1)")
    growth: int = flag(2, "times as many filters has each next third", "[1, 1000]")
    affine: bool = flag(True, "gamma and beta after the whitening")
    learning_rate: float = flag(1.0, "first rate", "(0, inf)")
    schedule: str = flag("cosine", "steps: a fifth at 1/2, 3/4; wide: 0.3, 0.6, 0.8", None, FALLS)

    def __post_init__(self):
        super().__post_init__()
        check_effect(self, dropout="wide")
        if self.wide and self.growth != Config.growth:
            raise ValueError(
                f"Argument `growth` is of plain networks. Received: growth={self.growth}"
            )


parse_first(Config)  # --help and refused flags end here, before the slow imports

from kerasrecipes import data, experiment, models

import keras


def main(config):
    """Train both networks, test, report. Returns the content of `metrics.json`."""
    with experiment.run(config, "decorrelated_bn") as run:
        images = data.load(config.data, **config.data_options())
        print(experiment.describe_images(images))
        compared = experiment.Comparison(run, images)
        with run.replicas.scope():
            make = wide_network if config.wide else plain_network
            networks = {kind: make(config, images, compared.size, kind) for kind in KINDS}
            updates = config.epochs * compared.training.steps_per_pass
            first, at = config.learning_rate, STEPS_AT[config.wide]
            schedule = experiment.falling_rate(config.schedule, first, updates, at, factor=0.2)
            optimizer = keras.optimizers.SGD(
                schedule, momentum=config.momentum, nesterov=config.nesterov,
                **config.optimizer_options(),
            )  # fmt: skip
            model = compared.side_by_side(networks, optimizer)
        history = model.fit(
            compared.for_each(networks, compared.training), epochs=config.epochs,
            steps_per_epoch=compared.training.steps_per_pass,
            validation_data=compared.for_each(networks, compared.validation),
            callbacks=run.callbacks(images), shuffle=False, verbose=0,
        )  # fmt: skip
        results = compared.test(networks)
        return compared.close(networks[KINDS[-1]], history, results, pays=PAYS)


def wide_network(config, images, size, kind):
    """A wide residual network; whitening is added after its first convolution alone."""
    whitening = None if kind == "batch" else lambda name: normalization(config, kind, 16, name)
    return models.wide_resnet(
        config.depth, config.width, (size, size, images.channels), images.num_classes,
        stem_normalization=whitening, dropout=config.dropout, seed=config.seed, name=kind,
    )  # fmt: skip


def plain_network(config, images, size, kind):
    """Convolutions in three equal parts, each normalised, and a classifier."""
    x = inputs = keras.Input((size, size, images.channels))
    for index in range(config.depth):
        part = 3 * index // config.depth
        x = keras.layers.Conv2D(
            config.width * config.growth**part, 3, padding="same", use_bias=False,
            # Each part but the first begins by halving the image.
            strides=2 if index and part > 3 * (index - 1) // config.depth else 1,
            kernel_initializer=keras.initializers.HeNormal(seed=config.seed + index),
        )(x)  # fmt: skip
        x = normalization(config, kind, x.shape[models.normalization.channel_axis()])(x)
        x = keras.layers.ReLU()(x)
    x = keras.layers.GlobalAveragePooling2D()(x)
    start = keras.initializers.GlorotUniform(seed=config.seed)
    head = keras.layers.Dense(images.num_classes, "softmax", kernel_initializer=start)
    head.dtype_policy = keras.DTypePolicy("float32")
    return keras.Model(inputs, head(x), name=kind)


def normalization(config, kind, channels, name=None):
    """A layer of this kind; the whitening of the paper's plain networks has no gamma and beta."""
    layer = models.normalization_layer(kind, channels, name)
    if kind == "batch" or config.affine:
        return layer
    return type(layer).from_config(layer.get_config() | {"center": False, "scale": False})


if __name__ == "__main__":
    experiment.command_line(main, Config)
