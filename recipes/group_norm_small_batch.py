"""Group normalisation against batch normalisation, at two images per step.

Wu & He, 2018, https://arxiv.org/abs/1803.08494: the statistics of batch normalisation are noise
when the batch is small; those of groups of channels do not depend on it. Two residual networks of
the same start, equal but for the normalisation, see the same batches in one run. The learning
rate is scaled to the batch, as in the paper.

    python recipes/group_norm_small_batch.py  # batch 78.4%, group 81.2 ± 0.5%, 2 x 61 s
    python recipes/group_norm_small_batch.py --batch-size 32 --epochs 20
    python recipes/group_norm_small_batch.py --data cifar10.npz --depth 20 --epochs 30

The run's folder has the report, the curves of both, and the group-normalised network as
`model.keras`, which takes raw pixels. Full size not run; results: recipes/README.md.
"""

import dataclasses

from kerasrecipes_flags import ComparisonConfig, flag, parse_first

KINDS = ("batch", "group")
PAYS = "It should pay with 1 to 4 images per step; from about 16 on batch normalisation is as good."


@dataclasses.dataclass(frozen=True, kw_only=True)
class Config(ComparisonConfig):
    """The flags of this recipe, over those of every training recipe."""

    epochs: int = flag(3, "epochs of training", "[1, 1000000]")
    batch_size: int = flag(2, "images per step", "[1, 1000000]")
    depth: int = flag(8, "layers of the network: 6n+2, or 18, 34, 50, 101, 152", "[8, 2000]")
    learning_rate: float = flag(
        0.1,
        "first rate for 64 images per step, scaled to the batch; falls along a cosine",
        "(0, inf)",
    )
    momentum: float = flag(0.9, "fraction of the velocity kept at each update", "[0, 1)")

    def __post_init__(self):
        super().__post_init__()
        if self.scale_rate:
            raise ValueError(
                "Argument `scale_rate` has no effect: `learning_rate` is scaled to the batch "
                "anyway. Received: scale_rate=True"
            )


parse_first(Config)  # --help and refused flags end here, before the slow imports

from kerasrecipes import data, experiment, models, schedules

import keras


def main(config):
    """Train both networks, test, report. Returns the content of `metrics.json`."""
    with experiment.run(config, "group_norm_small_batch") as run:
        images = data.load(config.data, **config.data_options())
        print(experiment.describe_images(images))
        compared = experiment.Comparison(run, images)
        with run.replicas.scope():
            networks = {kind: network(config, images, compared.size, kind) for kind in KINDS}
            updates = config.epochs * compared.training.steps_per_pass
            rate = config.learning_rate * config.batch_size * config.accumulation_steps / 64
            schedule = schedules.SnapshotCosine(rate, max(1, updates), cycles=1)
            optimizer = keras.optimizers.SGD(
                schedule, momentum=config.momentum, **config.optimizer_options()
            )
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
    return models.resnet(
        config.depth,
        (size, size, images.channels),
        images.num_classes,
        normalization=kind,
        seed=config.seed,
        name=kind,
    )


if __name__ == "__main__":
    experiment.command_line(main, Config)
