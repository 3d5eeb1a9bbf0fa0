"""A snapshot ensemble: several networks for the price of one training.

Huang, Li, Pleiss, Liu, Hopcroft & Weinberger, 2017, https://arxiv.org/abs/1704.00109: the rate
falls along a cosine to almost 0 and jumps back, several times; the network at the end of each
cycle is kept, and the probabilities of the last ones are averaged. The ensemble is compared with
its last member, by accuracy and by loss (the negative log-likelihood). In the paper ResNet-110 errs
on 5.52% of CIFAR-10 after one training, on 5.32% as an ensemble (not checked again). In cycles of
4 epochs, as here, nothing is gained that shows: accuracies within chance, and losses no lower.

    python recipes/snapshot_ensemble.py  # last snapshot 89.3%, ensemble 89.2 ± 0.0%, 2 x 74 s
    python recipes/snapshot_ensemble.py --data cifar10.npz --preset paper

The run's folder has the report, the curves, and the ensemble as one `model.keras`, which takes raw
pixels. Full size not run; results: recipes/README.md.
"""

import dataclasses
from typing import Any, ClassVar

from kerasrecipes_flags import ComparisonConfig, flag, parse_first

PAYS = (
    "It should pay with cycles long enough to converge (40 epochs in the paper): the snapshots are "
    "then good, and err on different images."
)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Config(ComparisonConfig):
    """The flags of this recipe, over those of every training recipe."""

    PRESETS: ClassVar[dict[str, dict[str, Any]]] = dict.fromkeys(
        ("cifar10", "cifar100"),
        {
            "depth": 110, "epochs": 200, "cycles": 5, "keep_last": 5, "batch_size": 64,
            "crops": "pad", "learning_rate": 0.2, "momentum": 0.9,
            "nesterov": False, "weight_decay": 1e-4,
        },
    )  # fmt: skip
    NOT_AS_IN_THE_PAPER: ClassVar[str] = "plain momentum, not Nesterov's; only kernels decay"

    epochs: int = flag(12, "epochs of training, a multiple of --cycles", "[1, 1000000]")
    cycles: int = flag(3, "cycles, each of which gives a snapshot", "[1, 1000000]")
    keep_last: int = flag(2, "how many of the snapshots to average, the last ones", "[1, 1000000]")
    depth: int = flag(8, "layers: 6n+2 (8, 14, 20, ...) or 18, 34, 50, 101, 152", "[8, 2000]")
    learning_rate: float = flag(0.2, "rate at the beginning of each cycle", "(0, inf)")

    def __post_init__(self):
        super().__post_init__()
        if self.epochs % self.cycles:
            raise ValueError(
                "Argument `epochs` must be a multiple of `cycles`, so that each cycle ends with an "
                f"epoch. Received: epochs={self.epochs}, cycles={self.cycles}"
            )


parse_first(Config)  # --help and refused flags end here, before the slow imports

from kerasrecipes import callbacks, data, experiment, models
from kerasrecipes.optimizers import decay_kernels

import keras


def main(config):
    """Train, collect, test the last network and all of them, report."""
    with experiment.run(config, "snapshot_ensemble") as run:
        images = data.load(config.data, **config.data_options())
        print(experiment.describe_images(images))
        compared = experiment.Comparison(run, images)
        with run.replicas.scope():
            model = build(config, images, compared.size, run)
        sgdr = callbacks.SGDR(
            config.learning_rate, config.epochs // config.cycles, cycle_multiplier=1
        )
        snapshots = callbacks.SnapshotEnsemble(sgdr, keep_last=config.keep_last)
        history = model.fit(
            compared.training,
            epochs=config.epochs,
            steps_per_epoch=compared.training.steps_per_pass,
            validation_data=compared.validation,
            callbacks=[sgdr, snapshots, *run.callbacks(images)],
            shuffle=False,
            verbose=0,
        )
        ensemble = snapshots.model() if snapshots.epochs else model
        results = compared.test({"last_snapshot": model, "ensemble": ensemble})
        losses = [result.metrics()["loss"] for result in results]
        remark = (
            f"Loss {losses[1]:.4f} of the ensemble of {len(snapshots.epochs)}, "
            f"{losses[0]:.4f} of its last member."
        )
        epochs = [epoch + 1 for epoch in snapshots.epochs]
        return compared.close(ensemble, history, results, remark, pays=PAYS, snapshots=epochs)


def build(config, images, size, run):
    """The compiled network; SGDR drives its rate."""
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


if __name__ == "__main__":
    experiment.command_line(main, Config)
