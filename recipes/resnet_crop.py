"""Train a residual network on random crops, test it by one, ten and fifty crops.

He, Zhang, Ren & Sun, 2015, https://arxiv.org/abs/1512.03385: images are scaled so that the short
side is a random length in [256, 480] · size / 224, a random crop and a flip are taken; testing is
by the centre crop, by ten crops, and by ten crops at five scales.

    python recipes/resnet_crop.py
    python recipes/resnet_crop.py --data cifar10.npz --depth 20 --epochs 160
    python recipes/resnet_crop.py --data FOLDER --depth 50 --size 224

The run's folder has the report, the pictures, the figures and `model.keras`, which takes raw
pixels. Time and results: recipes/README.md.
"""

import dataclasses

from kerasrecipes import augment, data, evaluation, experiment, layers, models, schedules, serving
from kerasrecipes.experiment import flag

import keras

LARGEST_DEFAULT_SIZE = 224
NORMALIZATIONS = ("batch", "group", "instance", "layer", "decorrelated")
TEST_SCALES = (224, 256, 384, 480, 640)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Config(experiment.TrainingConfig):
    """The flags of this recipe, over those of every training recipe."""

    epochs: int = flag(30, "epochs of training", "[1, 1000000]")
    batch_size: int = flag(64, "images per step", "[1, 1000000]")
    depth: int = flag(
        8, "layers: 6n+2 (8, 14, 20, 32, ...) or 18, 34, 50, 101, 152", "[8, 1000000]"
    )
    size: int | None = flag(
        None,
        f"side of the crop in pixels (default: median short side, <= {LARGEST_DEFAULT_SIZE})",
        "[1, 4096]",
    )
    normalization: str = flag("batch", "kind of normalisation layer", choices=NORMALIZATIONS)
    stochastic_depth: float = flag(0.0, "drop rate of the last residual block", "[0, 1)")
    learning_rate: float = flag(
        0.1, "first rate; divided by 10 after 70% and after 90% of the steps", "(0, inf)"
    )
    momentum: float = flag(0.9, "share of the velocity kept at each update", "[0, 1)")
    weight_decay: float = flag(1e-4, "L2 penalty: weight_decay / 2 · |w|^2", "[0, inf)")


def main(config):
    """Train, test, report. Returns the content of `metrics.json`."""
    with experiment.run(config, "resnet_crop") as run:
        images = data.load(config.data, seed=config.seed, strict=config.strict)
        size = config.size or min(images.short_side, LARGEST_DEFAULT_SIZE)
        mean, std = experiment.channel_statistics(images.train, size, images.channels)
        print(experiment.describe_images(images))
        print(f"Crops of {size} px, mean {mean}, standard deviation {std}.")

        train, protocols = crops(size, images.channels)
        normalize = augment.Normalize(mean, std)
        training = augment.pipeline(
            images.train,
            [*train, normalize],
            config.batch_size,
            training=True,
            seed=config.seed,
            start_step=run.start_step,
        )
        test_set = images.test or images.validation
        watched = [protocols["centre crop"], normalize]
        watching = augment.pipeline(
            images.validation or test_set, watched, config.batch_size, training=False
        )
        schedule = step_decay(config, training.steps_per_pass)
        model = build(config, images, size, schedule, run.jit)
        history = model.fit(
            training,
            epochs=config.epochs,
            steps_per_epoch=training.steps_per_pass,
            validation_data=watching,
            callbacks=run.callbacks(),
            shuffle=False,
            verbose=0,
        )
        results = evaluation.run_tests(model, test_set, protocols, [normalize], config.batch_size)
        preprocessing = layers.ImagePreprocessing(size, mean=mean, std=std)
        from_pixels = serving.serving_model(model, preprocessing, images.channels)
        return experiment.close_run(run, from_pixels, history, images, results, train, protocols)


def crops(size, channels):
    """The transforms of training, and those of testing by name."""
    scales = tuple(round(size * scale / 224) for scale in TEST_SCALES)
    train = [augment.RandomScaleCrop(size, channels=channels), augment.RandomFlip()]
    protocols = {
        "centre crop": augment.CenterCrop(size, channels=channels),
        "ten-crop": augment.TenCrop(size, channels=channels),
        "ten-crop at 5 scales": augment.TenCrop(size, scales, channels=channels),
    }
    return train, protocols


def step_decay(config, steps_per_epoch):
    """A schedule divided by 10 after 70% and after 90% of the steps.

    Keras asks a schedule for each batch, also for those that are accumulated.
    """
    steps = config.epochs * steps_per_epoch
    first = max(1, steps * 7 // 10)
    return schedules.StepDecay(config.learning_rate, [first, max(first + 1, steps * 9 // 10)])


def build(config, images, size, schedule, jit):
    """The compiled network."""
    model = models.resnet(
        config.depth,
        (size, size, images.channels),
        images.num_classes,
        normalization=config.normalization,
        stochastic_depth=config.stochastic_depth,
        kernel_regularizer=keras.regularizers.L2(config.weight_decay / 2),
        seed=config.seed,
    )
    optimizer = keras.optimizers.SGD(
        schedule, momentum=config.momentum, **config.optimizer_options()
    )
    loss = keras.losses.SparseCategoricalCrossentropy()
    model.compile(optimizer, loss, metrics=["accuracy"], jit_compile=jit)
    return model


if __name__ == "__main__":
    experiment.command_line(main, Config)
