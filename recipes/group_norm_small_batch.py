"""Group normalisation against batch normalisation, at two images per step.

Wu & He, 2018, https://arxiv.org/abs/1803.08494: the statistics of batch normalisation are noise
when the batch is small; those of groups of channels do not depend on it. Two residual networks of
the same start, equal but for the normalisation, see the same batches in one run. The learning
rate is scaled to the batch, as in the paper. `--ghost 2` normalises two images at a time within a
larger batch: with `--batch-size 16` the statistics of the paper's 8 devices with two images each,
in an eighth of the steps of `--batch-size 2`. The paper's test errors on ImageNet, ResNet-50, at
two images a device: 34.7 by batch and 24.1% by group normalisation; at 32 they are 23.6 and 24.1%.
Here group normalisation led by 2.6 and 1.7 points, tested with mirror images by 1.9 and -0.1; in
another network, at 128 images a step, batch normalisation leads (docs/evidence/claims.md).

    python recipes/group_norm_small_batch.py  # batch 79.0%, group 81.1 ± 0.4%, 2 x 170 s
    python recipes/group_norm_small_batch.py --batch-size 32 --epochs 20
    python recipes/group_norm_small_batch.py --data cifar10.npz --preset paper

The run's folder has the report, the curves of both, and the group-normalised network as
`model.keras`, which takes raw pixels. Full size not run; results: recipes/README.md.
"""

import dataclasses
import functools
from typing import Any, ClassVar

from kerasrecipes_flags import FALLS, ComparisonConfig, flag, parse_first

KINDS = ("batch", "group")  # with `--ghost` the first is "ghost_batch"
STEPS_AT = (0.3, 0.6, 0.9)
PAYS = (
    "It should pay where 1 to 4 images are normalised together; from about 16 on batch "
    "normalisation is as good or better."
)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Config(ComparisonConfig):
    """The flags of this recipe, over those of every training recipe."""

    PRESETS: ClassVar[dict[str, dict[str, Any]]] = dict.fromkeys(
        ("cifar10", "cifar100"),
        {
            "ghost": 2, "batch_size": 16, "epochs": 100, "crops": "pad", "depth": 20,
            "learning_rate": 0.025, "schedule": "steps", "momentum": 0.9, "nesterov": True,
            "weight_decay": 1e-4,
        },
    )  # fmt: skip
    NOT_AS_IN_THE_PAPER: ClassVar[str] = (
        "the paper trains ResNet-50 on ImageNet, here the crops and the network are He et al.'s "
        "for CIFAR; the paper's 32 groups are 8 in the first stage (16 channels) and 16 in the "
        "second (32 channels); Nesterov momentum is that of fb.resnet.torch, the paper states "
        "none; every gamma starts at 1; only kernels decay; not the median of the last five "
        "epochs, but the last is tested"
    )
    WITHOUT_EFFECT: ClassVar[tuple[str, ...]] = ("scale_rate", "rate_batch_size")

    epochs: int = flag(3, "epochs of training", "[1, 1000000]")
    batch_size: int = flag(2, "images per step", "[1, 1000000]")
    ghost: int | None = flag(
        None, "images that batch normalisation takes together (default: the batch)", "[1, 1000000]"
    )
    depth: int = flag(8, "layers of the network: 6n+2, or 18, 34, 50, 101, 152", "[8, 2000]")
    learning_rate: float = flag(
        0.1, "first rate for 64 images per step, scaled to the batch", "(0, inf)"
    )
    schedule: str = flag(
        "cosine", "how it falls; steps: to a tenth after 0.3, 0.6 and 0.9", choices=FALLS
    )

    def __post_init__(self):
        super().__post_init__()
        if self.ghost is not None and self.ghost >= self.batch_size:
            raise ValueError(
                "Argument `ghost` must be below `batch_size`, which is normalised together anyway. "
                f"Received: ghost={self.ghost}, batch_size={self.batch_size}"
            )
        if self.devices > 1 and self.ghost and self.batch_size // self.devices % self.ghost:
            raise ValueError(
                "Argument `ghost` must divide `batch_size` / `devices`, the images of a device. "
                f"Received: ghost={self.ghost}, batch_size={self.batch_size}, "
                f"devices={self.devices}"
            )
        if self.scale_rate:
            raise ValueError(
                "Argument `scale_rate` has no effect: `learning_rate` is scaled to the batch "
                "anyway. Received: scale_rate=True"
            )


parse_first(Config)  # --help and refused flags end here, before the slow imports

from kerasrecipes import data, experiment, layers, models

import keras


def main(config):
    """Train both networks, test, report. Returns the content of `metrics.json`."""
    with experiment.run(config, "group_norm_small_batch") as run:
        images = data.load(config.data, **config.data_options())
        print(experiment.describe_images(images))
        compared = experiment.Comparison(run, images)
        with run.replicas.scope():
            kinds = ("ghost_batch" if config.ghost else KINDS[0], KINDS[1])
            networks = {kind: network(config, images, compared.size, kind) for kind in kinds}
            updates = config.epochs * compared.training.steps_per_pass
            rate = config.learning_rate * config.batch_size * config.accumulation_steps / 64
            optimizer = keras.optimizers.SGD(
                experiment.falling_rate(config.schedule, rate, updates, STEPS_AT),
                momentum=config.momentum, nesterov=config.nesterov, **config.optimizer_options(),
            )  # fmt: skip
            model = compared.side_by_side(networks, optimizer)
        history = model.fit(
            compared.for_each(networks, compared.training),
            epochs=config.epochs,
            steps_per_epoch=compared.training.steps_per_pass,
            validation_data=compared.for_each(networks, compared.validation),
            callbacks=run.callbacks(images),
            shuffle=False,
            verbose=0,
        )
        results = compared.test(networks)
        return compared.close(networks[KINDS[-1]], history, results, pays=PAYS)


def network(config, images, size, kind):
    """A residual network of one kind of normalisation; one seed, so the same start."""
    axis = models.normalization.channel_axis()
    ghosts = functools.partial(layers.GhostBatchNormalization, config.ghost, axis)
    return models.resnet(
        config.depth,
        (size, size, images.channels),
        images.num_classes,
        normalization=ghosts if kind == "ghost_batch" else kind,
        seed=config.seed,
        name=kind,
    )


if __name__ == "__main__":
    experiment.command_line(main, Config)
