"""DropConnect against the same dense network without it.

Wan, Zeiler, Zhang, LeCun & Fergus, 2013, https://proceedings.mlr.press/v28/wan13.html: single
weights of the fully connected layers are dropped, afresh for each image, and testing averages over
the masks. The averages are computed, not sampled. Two networks of the same start see the same
batches in one run. What falls here is the loss, by 0.22 and 0.14 in the two runs below; 1,000 test
images cannot tell 0.4 and 1.5 points of accuracy from chance. There is no `--preset paper`: of
the paper's settings only those of its convolutional networks could be checked, in its code.

    python recipes/drop_connect.py  # dense 86.1%, drop connect 87.0 ± 0.3%, 2 x 76 s
    python recipes/drop_connect.py --mask example --units 256
    python recipes/drop_connect.py --data mnist.npz --no-flip --epochs 60

The run's folder has the report, the curves, and the network as `model.keras`, which takes raw
pixels. Full size not run; results: recipes/README.md.
"""

import dataclasses

from kerasrecipes_flags import ComparisonConfig, flag, parse_first

MASKS = ("gaussian", "example")
PAYS = "It should pay in large dense layers that overfit, over hundreds of epochs."


@dataclasses.dataclass(frozen=True, kw_only=True)
class Config(ComparisonConfig):
    """The flags of this recipe, over those of every training recipe."""

    epochs: int = flag(30, "epochs of training", "[1, 1000000]")
    batch_size: int = flag(64, "images per step", "[1, 1000000]")
    units: int = flag(800, "units of each of the two hidden layers", "[1, 1000000]")
    rate: float = flag(0.5, "fraction of the weights dropped", "[0, 1)")
    mask: str = flag("gaussian", "masks drawn by image, or their moments alone", choices=MASKS)
    learning_rate: float = flag(0.1, "first rate; falls to 0 along a cosine", "(0, inf)")


parse_first(Config)  # --help and refused flags end here, before the slow imports

from kerasrecipes import data, experiment, layers, schedules

import keras


def main(config):
    """Train both networks, test, report. Returns the content of `metrics.json`."""
    with experiment.run(config, "drop_connect") as run:
        images = data.load(config.data, **config.data_options())
        print(experiment.describe_images(images))
        compared = experiment.Comparison(run, images)
        with run.replicas.scope():
            networks = {
                "dense": network(config, images, compared.size, 0.0),
                "drop_connect": network(config, images, compared.size, config.rate),
            }
            updates = config.epochs * compared.training.steps_per_pass
            schedule = schedules.SnapshotCosine(config.learning_rate, max(1, updates), cycles=1)
            optimizer = keras.optimizers.SGD(
                schedule, momentum=config.momentum, nesterov=config.nesterov,
                **config.optimizer_options(),
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
        return compared.close(networks["drop_connect"], history, results, pays=PAYS)


def network(config, images, size, rate):
    """Two hidden layers whose weights are dropped; without a rate they are `Dense`."""
    inputs = keras.Input((size, size, images.channels))
    x = keras.layers.Flatten()(inputs)
    for index in range(2):
        x = layers.DropConnectDense(
            config.units,
            rate,
            activation="relu",
            mask=config.mask,
            # Weights are not rescaled in training: what is kept starts with He's variance.
            kernel_initializer=keras.initializers.VarianceScaling(
                2 / (1 - rate), seed=config.seed + index
            ),
            seed=config.seed + index,
        )(x)
    start = keras.initializers.GlorotUniform(seed=config.seed)
    head = keras.layers.Dense(images.num_classes, "softmax", kernel_initializer=start)
    head.dtype_policy = keras.DTypePolicy("float32")
    return keras.Model(inputs, head(x))


if __name__ == "__main__":
    experiment.command_line(main, Config)
