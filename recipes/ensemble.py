"""Four kinds of ensemble at equal compute: is there "2% extra performance", and of what?

Each has as many optimizer steps as one network that trains from beginning to end, on the same
batches: M independent networks, one after the other (Lakshminarayanan et al., 2017,
https://arxiv.org/abs/1612.01474); snapshots of one network at the ends of M cycles (Huang et al.,
2017, https://arxiv.org/abs/1704.00109); passes of one network with dropout on at test (Gal &
Ghahramani, 2016, https://arxiv.org/abs/1506.02142); one network with the average of its weights
along a constant rate (Izmailov et al., 2018, https://arxiv.org/abs/1803.05407).

    python recipes/ensemble.py  # one network 88.0%, dropout 88.7 ± 0.7%, 3 x 74 s
    python recipes/ensemble.py --members 3 --serve averaged
    python recipes/ensemble.py --data cifar10.npz --width 32 --epochs 200 --members 5

The run's folder has the report, the figures, and the ensemble that `--serve` names as one
`model.keras`, which takes raw pixels. Full size not run; results: recipes/README.md.
"""

import dataclasses
import time

from kerasrecipes_flags import ComparisonConfig, flag, parse_first

SERVED = ("independent", "snapshots", "averaged")  # the first two have members
PAYS = "An ensemble should pay where a fraction of the steps is enough for a member to converge."


@dataclasses.dataclass(frozen=True, kw_only=True)
class Config(ComparisonConfig):
    """The flags of this recipe, over those of every training recipe."""

    epochs: int = flag(24, "epochs of training of each kind, a multiple of --members", "[2, inf)")
    members: int = flag(4, "independent networks, and snapshots", "[2, 1000]")
    passes: int = flag(20, "predictions with dropout on, averaged", "[2, 100000]")
    serve: str = flag("independent", "the ensemble to save as model.keras", choices=SERVED)
    dropout: float = flag(0.25, "fraction of units that one of the networks drops", "(0, 1)")
    width: int = flag(8, "filters of the first convolution", "[1, 4096]")
    learning_rate: float = flag(0.05, "rate at the beginning of each cosine", "(0, inf)")
    constant_rate: float = flag(0.02, "rate of the network whose weights are averaged", "(0, inf)")
    nesterov: bool = flag(False, "Nesterov momentum")
    weight_decay: float = flag(5e-4, "L2 penalty on kernels: weight_decay / 2 · |w|^2", "[0, inf)")

    def __post_init__(self):
        super().__post_init__()
        if self.epochs % self.members:
            raise ValueError(
                "Argument `epochs` must be a multiple of `members`, so that each has as many. "
                f"Received: epochs={self.epochs}, members={self.members}"
            )


parse_first(Config)  # --help and refused flags end here, before the slow imports

from kerasrecipes import callbacks, data, experiment, inference, schedules

import keras
import numpy as np


def main(config):
    """Train all kinds side by side, compare each with one network, report."""
    with experiment.run(config, "ensemble") as run:
        images = data.load(config.data, **config.data_options())
        print(experiment.describe_images(images))
        compared = experiment.Comparison(run, images)
        with run.replicas.scope():
            optimizers = optimizer_by_name(config, config.epochs * compared.training.steps_per_pass)
            networks = {name: network(config, images, compared.size, name) for name in optimizers}
            optimizer = compared.optimizer_of_each(networks, optimizers)
            model = compared.side_by_side(networks, optimizer)
        snapshots = callbacks.SnapshotEnsemble(every_epochs=config.epochs // config.members)
        average = callbacks.WeightAverage(start_epoch=config.epochs // 2)
        begin_next = next_network(config, images, compared.size, networks["independent"])
        history = model.fit(
            compared.for_each(networks, compared.training), epochs=config.epochs,
            steps_per_epoch=compared.training.steps_per_pass,
            validation_data=compared.for_each(networks, compared.validation),
            callbacks=[snapshots, average, begin_next, *run.callbacks(images)],
            shuffle=False, verbose=0,
        )  # fmt: skip
        copies = snapshots.model().models if snapshots.epochs else [model]
        return report(config, compared, networks["averaged"], copies, history)


def optimizer_by_name(config, steps):
    """The optimizer of each network, by its rate: one cosine, a cosine a member, or constant."""
    cycles = {"one_network": 1, "dropout": 1} | dict.fromkeys(SERVED[:2], config.members)
    rates = {n: schedules.SnapshotCosine(config.learning_rate, steps, c) for n, c in cycles.items()}
    rates["averaged"] = config.constant_rate
    options = {"momentum": config.momentum, "nesterov": config.nesterov}
    options |= config.optimizer_options()
    return {name: keras.optimizers.SGD(rate, name=name, **options) for name, rate in rates.items()}


def network(config, images, size, name, seed=None):
    """Two convolutions and a dense layer; one seed, so the same start for all names."""
    seed = config.seed if seed is None else seed
    start = {"kernel_initializer": keras.initializers.HeNormal(seed)}
    sequence = [keras.Input((size, size, images.channels))]
    for width in (config.width, 2 * config.width):
        convolution = keras.layers.Conv2D(width, 3, padding="same", activation="relu", **start)
        sequence += [convolution, keras.layers.MaxPooling2D(2, padding="same")]
    dense = keras.layers.Dense(16 * config.width, "relu", **start)
    dropped = [keras.layers.Dropout(config.dropout, seed=seed)] if name == "dropout" else []
    head = keras.layers.Dense(images.num_classes, "softmax", dtype="float32", **start)
    return keras.Sequential([*sequence, keras.layers.Flatten(), dense, *dropped, head], name=name)


def next_network(config, images, size, independent):
    """A callback that starts the next independent network where the one before has ended."""

    def begin(epoch, logs):
        number, epochs = divmod(epoch + 1, config.epochs // config.members)
        if epochs == 0 and number < config.members:
            fresh = network(config, images, size, "fresh", config.seed + 1000 * number)
            independent.set_weights(fresh.get_weights())

    return keras.callbacks.LambdaCallback(on_epoch_end=begin)


def report(config, compared, averaged, copies, history):
    """Test every kind, compare each with one network, close the run with the one to serve."""
    members = {kind: [copy.get_layer(kind) for copy in copies] for kind in SERVED[:2]}
    tested = {name: copies[-1].get_layer(name) for name in ("one_network", "dropout")}
    tested["averaged"] = averaged
    tested |= {kind: inference.Ensemble(models) for kind, models in members.items()}
    results = {result.name: result for result in compared.test(tested)}
    answers = {
        kind: [inference.multi_crop_predict(one, compared.testing) for one in models]
        for kind, models in members.items()
    }
    begin = time.perf_counter()
    answers["dropout_passes"] = passes = [
        inference.monte_carlo_predict(tested["dropout"], compared.testing, 1, seed=seed).mean
        for seed in range(config.passes)
    ]
    results["dropout_passes"] = dataclasses.replace(
        results["dropout"],
        name="dropout_passes",
        probabilities=np.mean(passes, axis=0),
        images_per_second=round(len(passes[0]) / (time.perf_counter() - begin), 1),
    )
    results[config.serve] = results.pop(config.serve)  # the last one is the run's result
    disagreement = {k: inference.disagreement(v) for k, v in answers.items() if len(v) > 1}
    panels = {"disagreement of members": disagreement}
    served, results = tested[config.serve], list(results.values())
    return compared.close(served, history, results, pays=PAYS, panels=panels)


if __name__ == "__main__":
    experiment.command_line(main, Config)
