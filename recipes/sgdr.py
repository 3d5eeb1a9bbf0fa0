"""Warm restarts against step decay: two wide residual networks on the same batches.

Loshchilov & Hutter, 2016, https://arxiv.org/abs/1608.03983: the rate falls along cosines that
start again and grow longer, against dividing it by 5 at 30%, 60% and 80% of the training, as
Zagoruyko & Komodakis, 2016, https://arxiv.org/abs/1605.07146, trained the network. Both networks
start from the same weights; each has its own optimizer. Test errors in the paper, with WRN-28-10
from the rate 0.05: 4.13 (after 200 epochs) and 4.03% on CIFAR-10, 20.21 and 19.58% on CIFAR-100.
Here the restarts led by 2.9 and 3.7 points. A single cosine as long as all cycles does as well in a
training so short (docs/evidence/claims.md).

    python recipes/sgdr.py  # step decay 81.7%, warm restarts 84.9 ± 0.2%, 2 x 80 s
    python recipes/sgdr.py --data cifar10.npz --preset paper

The run's folder has the report, the curves, and the network of the warm restarts as `model.keras`,
which takes raw pixels. Full size not run; results: recipes/README.md.
"""

import dataclasses
from typing import Any, ClassVar

from kerasrecipes_flags import ComparisonConfig, flag, parse_first

STEP_DECAY_AT = (0.3, 0.6, 0.8)
PAYS = (
    "It should pay in long trainings: the weights are good at the end of every cycle, and "
    "any of them may be the last."
)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Config(ComparisonConfig):
    """The flags of this recipe, over those of every training recipe."""

    PRESETS: ClassVar[dict[str, dict[str, Any]]] = dict.fromkeys(
        ("cifar10", "cifar100"),
        {
            "depth": 28, "width": 10, "first_cycle": 10, "cycle_multiplier": 2.0, "epochs": 150,
            "batch_size": 128, "crops": "pad", "learning_rate": 0.05, "momentum": 0.9,
            "nesterov": True, "weight_decay": 5e-4,
        },
    )  # fmt: skip
    NOT_AS_IN_THE_PAPER: ClassVar[str] = (
        "momentum is Nesterov's, the border of the crops zeros instead of a reflection, pixels are "
        "normalised by channel, only kernels decay, step decay has 150 epochs instead of 200"
    )

    epochs: int = flag(7, "epochs of training: best the end of a cycle", "[1, 1000000]")
    depth: int = flag(10, "layers of the network: 6n+4", "[10, 1000000]")
    width: int = flag(1, "multiplier of the filters", "[1, 1000000]")
    first_cycle: int = flag(1, "epochs of the first cycle", "[1, 1000000]")
    cycle_multiplier: float = flag(2.0, "how much longer each next cycle is", "[1, inf)")
    learning_rate: float = flag(0.05, "highest rate of both", "(0, inf)")
    weight_decay: float = flag(5e-4, "L2 penalty on kernels: weight_decay / 2 · |w|^2", "[0, inf)")


parse_first(Config)  # --help and refused flags end here, before the slow imports

from kerasrecipes import data, experiment, models, schedules

import keras


def main(config):
    """Train both networks, test, report. Returns the content of `metrics.json`."""
    with experiment.run(config, "sgdr") as run:
        images = data.load(config.data, **config.data_options())
        print(experiment.describe_images(images))
        compared = experiment.Comparison(run, images)
        rates = two_schedules(config, compared.training.steps_per_pass)
        with run.replicas.scope():
            networks = {name: network(config, images, compared.size, name) for name in rates}
            optimizer = compared.optimizer_of_each(networks, optimizers(config, rates))
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
        return compared.close(networks["warm_restarts"], history, results, pays=PAYS)


def two_schedules(config, steps_per_epoch):
    """The rates of both, by batch; `callbacks.SGDR` is the same with a single optimizer."""
    steps = config.epochs * steps_per_epoch
    return {
        "step_decay": experiment.falling_rate(
            "steps", config.learning_rate, steps, STEP_DECAY_AT, factor=0.2
        ),
        "warm_restarts": schedules.WarmRestarts(
            config.learning_rate, config.first_cycle * steps_per_epoch, config.cycle_multiplier
        ),
    }


def network(config, images, size, name):
    """A wide residual network; one seed, so the same start."""
    return models.wide_resnet(
        config.depth,
        config.width,
        (size, size, images.channels),
        images.num_classes,
        seed=config.seed,
        name=name,
    )


def optimizers(config, rates):
    """The optimizer of each network."""
    options = {"momentum": config.momentum, "nesterov": config.nesterov}
    options |= config.optimizer_options()
    return {name: keras.optimizers.SGD(rate, name=name, **options) for name, rate in rates.items()}


if __name__ == "__main__":
    experiment.command_line(main, Config)
