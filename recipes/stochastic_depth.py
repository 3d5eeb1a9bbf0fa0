"""Stochastic depth against the same residual network without it: accuracy and time.

Huang, Sun, Liu, Sedra & Weinberger, 2016, https://arxiv.org/abs/1603.09382: residual blocks are
skipped at random in training, late ones more often, which regularises a deep network and saves the
work of the blocks skipped. Two networks of the same start see the same batches in one run; then
training steps of both are timed in turn. The paper's test errors, with 110 layers: 6.41 and 5.25%
on CIFAR-10, 27.22 and 24.98% on CIFAR-100. Here, where 20 layers overfit 1,000 images, the loss
falls, by 0.16 and 0.19 in two runs, and the accuracy changes by no more than chance.

    python recipes/stochastic_depth.py  # every block 83.7%, stochastic depth 83.7 ± 1.1%, 2 x 241 s
    python recipes/stochastic_depth.py --final-rate 0.5
    python recipes/stochastic_depth.py --train-images 6000 --epochs 10
    python recipes/stochastic_depth.py --data cifar10.npz --preset paper

The run's folder has the report, the curves, and the network as `model.keras`, which takes raw
pixels. Full size not run; results: recipes/README.md.
"""

import dataclasses
from typing import Any, ClassVar

from kerasrecipes_flags import FALLS, ComparisonConfig, flag, parse_first

PAYS = (
    "In accuracy it should pay where a deep network is trained for long and overfits (110 layers "
    "and 500 epochs in the paper); in few epochs it loses: try --train-images 6000 --epochs 10."
)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Config(ComparisonConfig):
    """The flags of this recipe, over those of every training recipe."""

    PRESETS: ClassVar[dict[str, dict[str, Any]]] = dict.fromkeys(
        ("cifar10", "cifar100"),
        {
            "depth": 110, "final_rate": 0.5, "epochs": 500, "crops": "pad", "batch_size": 128,
            "learning_rate": 0.1, "schedule": "steps", "momentum": 0.9,
            "nesterov": True, "weight_decay": 1e-4,
        },
    )  # fmt: skip
    NOT_AS_IN_THE_PAPER: ClassVar[str] = (
        "only kernels decay; the last epoch, not the best, is tested"
    )

    epochs: int = flag(40, "epochs of training", "[1, 1000000]")
    train_images: int | None = flag(
        None, "training images to use at most (default: 1,000 of the sample, else all)", "[1, inf)"
    )
    batch_size: int = flag(50, "images per step", "[1, 1000000]")
    depth: int = flag(20, "layers of the network: 6n+2, or 18, 34, 50, 101, 152", "[8, 2000]")
    final_rate: float = flag(0.3, "fraction of the steps the last block is skipped in", "[0, 1)")
    mode: str = flag("batch", "one gate a batch, or a subset of it", choices=("batch", "subset"))
    learning_rate: float = flag(0.1, "first rate", "(0, inf)")
    schedule: str = flag(
        "cosine", "how it falls; steps: to a tenth after 1/2 and 3/4", choices=FALLS
    )

    def data_options(self):
        """Those of every recipe; so few images of the sample that a network overfits."""
        few = self.data == "fashion_mnist_sample" and self.train_images is None
        return super().data_options() | ({"train_images": 1000} if few else {})


parse_first(Config)  # --help and refused flags end here, before the slow imports

from kerasrecipes import data, experiment, models
from kerasrecipes.experiment.step_seconds import step_seconds

import keras


def main(config):
    """Train both networks, test, time, report. Returns the content of `metrics.json`."""
    with experiment.run(config, "stochastic_depth") as run:
        images = data.load(config.data, **config.data_options())
        print(experiment.describe_images(images))
        compared = experiment.Comparison(run, images)
        with run.replicas.scope():
            networks = {
                name: network(config, images, compared.size, dropped, name)
                for name, dropped in (("every_block", 0.0), ("stochastic_depth", config.final_rate))
            }
            updates = config.epochs * compared.training.steps_per_pass
            optimizer = keras.optimizers.SGD(
                experiment.falling_rate(config.schedule, config.learning_rate, updates),
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
        seconds = step_seconds(networks, compared.training, run.jit)
        ratio = seconds["stochastic_depth"] / seconds["every_block"]
        remark = f"A training step takes {ratio:.2f} of the time with every block."
        trained = networks["stochastic_depth"]
        return compared.close(
            trained, history, results, remark, pays=PAYS, step_time_ratio=round(ratio, 3)
        )


def network(config, images, size, dropped, name):
    """A residual network under the linear rule; one seed, so the same start."""
    return models.resnet(
        config.depth,
        (size, size, images.channels),
        images.num_classes,
        stochastic_depth=dropped,
        stochastic_depth_mode=config.mode,
        seed=config.seed,
        name=name,
    )


if __name__ == "__main__":
    experiment.command_line(main, Config)
