"""Train a residual network on random crops, and test it by one crop and by several.

The network and the crops are those of He, Zhang, Ren & Sun, 2015,
https://arxiv.org/abs/1512.03385. Small images get a border of zeros, a random crop and a flip, and
are tested whole, mirrored and shifted; photos are scaled so that the short side is a random length
in [256, 480] · size / 224, and are tested by the centre crop, by ten crops, and by ten crops at
five scales. The training is newer: one cycle of the learning rate (Smith & Topin, 2017), Nesterov
momentum, label smoothing (Szegedy et al., 2015) and averaged weights (Polyak & Juditsky, 1992).
`--ablate` trains with these, the crops and the weight decay, and without each. He et al.'s test
errors on CIFAR-10 are 8.75, 6.97 and 6.43% with 20, 56 and 110 layers.

    python recipes/resnet_crop.py  # one crop 90.8%, mirror and shifts 91.6 ± 0.3%, 5 x 125 s
    python recipes/resnet_crop.py --data cifar10.npz --preset paper  # He et al.'s own training
    python recipes/resnet_crop.py --data FOLDER --depth 50 --size 224

A temperature (Guo et al., 2017) mends the probabilities, which label smoothing makes too low.
The run's folder has the report, the pictures, the figures and `model.keras`, which takes raw
pixels. Beside its accuracies stand those of simple classifiers on the pixels, which a network must
beat. Full size not run; results: recipes/README.md.
"""

import dataclasses
from typing import Any, ClassVar

from kerasrecipes_flags import CROPS, TASKS, AblationConfig, flag, parse_first

LARGEST_DEFAULT_SIZE = 224
OFF = {
    "crops": {"crops": "none", "padding": None}, "one cycle": {"schedule": "steps"},
    "weight decay": {"weight_decay": 0.0}, "label smoothing": {"label_smoothing": 0.0},
    "averaging": {"averaging": 0.0}, "stochastic depth": {"stochastic_depth": 0.0},
    "Nesterov momentum": {"nesterov": False},
}  # fmt: skip
NORMALIZATIONS = ("batch", "group", "instance", "layer", "decorrelated")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Config(AblationConfig):
    """The flags of this recipe, over those of every recipe with an ablation."""

    PRESETS: ClassVar[dict[str, dict[str, Any]]] = {"cifar10": {
        "depth": 56, "epochs": 164, "batch_size": 128, "crops": "pad", "learning_rate": 0.1,
        "schedule": "steps", "momentum": 0.9, "nesterov": False, "weight_decay": 1e-4,
        "label_smoothing": 0.0, "temperature": False, "averaging": 0.0,
    }}  # fmt: skip
    NOT_AS_IN_THE_PAPER: ClassVar[str] = (
        "its error is of one crop; pixels are normalised by channel; only kernels decay; 64,124 "
        "steps instead of 64,000, on all 50,000 images; ResNet-110 without 400 steps at 0.01 first"
    )

    task: str = flag("classes", "what the labels of a CSV are", choices=TASKS)
    epochs: int = flag(20, "epochs of training", "[1, 1000000]")
    batch_size: int = flag(64, "images per step", "[1, 1000000]")
    depth: int = flag(8, "layers: 6n+2 (8, 14, 20, 32, ...) or 18, 34, 50, 101, 152", "[8, 2000]")
    size: int | None = flag(
        None, f"side of the crop (default: median, <= {LARGEST_DEFAULT_SIZE} px)", "[1, 4096]"
    )
    crops: str = flag("auto", "crops; auto: pad for images of under 64 px, else scale", None, CROPS)
    padding: int | None = flag(None, "border of `pad` in pixels (default: size / 8)", "[0, 4096]")
    normalization: str = flag("batch", "kind of normalisation layer", choices=NORMALIZATIONS)
    stochastic_depth: float = flag(0.0, "drop rate of the last residual block", "[0, 1)")
    learning_rate: float = flag(0.2, "highest rate", "(0, inf)")
    schedule: str = flag("cycle", "steps: a tenth after 1/2, a hundredth after 3/4", None,
                         ("cycle", "steps"))  # fmt: skip
    momentum: float = flag(0.9, "fraction of the velocity kept at each update", "[0, 1)")
    nesterov: bool = flag(True, "Nesterov momentum")
    weight_decay: float = flag(5e-4, "L2 penalty on kernels: weight_decay / 2 · |w|^2", "[0, inf)")
    label_smoothing: float = flag(0.1, "probability spread over all classes", "[0, 1)")
    temperature: bool = flag(True, "calibrate the probabilities by temperature scaling")
    averaging: float = flag(0.99, "averaged weights kept at each step; 0: none", "[0, 1)")


parse_first(Config)  # --help and refused flags end here, before the slow imports

from kerasrecipes import augment, callbacks, data, evaluation, experiment, models, schedules
from kerasrecipes.layers import ImagePreprocessing
from kerasrecipes.optimizers import decay_kernels
from kerasrecipes.serving import serving_model

import keras


def main(config):
    """Train, test, report. Returns the content of `metrics.json`."""
    with experiment.run(config, "resnet_crop") as run:
        images = data.load(config.data, **config.data_options())
        if config.ablate:
            return experiment.ablate(run, images, main, OFF)
        task = evaluation.task_of(images)
        size = config.size or min(images.short_side, LARGEST_DEFAULT_SIZE)
        crops = experiment.choose_crops(config.crops, images, size, config.padding)
        mean, std = experiment.channel_statistics(images.train, size, images.channels)
        normalize = augment.Normalize(mean, std)
        print(experiment.describe_images(images))
        print(f"Crops: {crops.sentence}. Pixel mean {mean}, standard deviation {std}.")
        training = augment.pipeline(
            images.train, [*crops.train, normalize], training=True,
            seed=config.seed, start_step=run.start_step, num_classes=task.one_hot(images),
            **run.replicas.batching(config, images.train),
        )  # fmt: skip
        test_set, one_crop = images.test or images.validation, next(iter(crops.tests.values()))
        validation = augment.pipeline(
            images.validation or test_set, [one_crop, normalize], config.batch_size,
            training=False, num_classes=task.one_hot(images),
        )  # fmt: skip
        steps = max(4, config.epochs * training.steps_per_pass)
        rate = schedules.OneCycle(config.learning_rate, steps)
        if config.schedule == "steps":
            rate = experiment.falling_rate("steps", config.learning_rate, steps)
        with run.replicas.scope():
            metrics = run.replicas.metrics(task.compiled_metrics())
            model = build(config, images, task, size, rate, run.jit, **metrics)
        averaging = [callbacks.PolyakAveraging(config.averaging)] if config.averaging else []
        history = model.fit(
            training, epochs=config.epochs, steps_per_epoch=training.steps_per_pass,
            validation_data=run.replicas.held_out(validation), shuffle=False, verbose=0,
            callbacks=[*averaging, *run.callbacks(images)],
        )  # fmt: skip
        model = run.replicas.on_one_device(model)
        model, remarks = experiment.calibrated(model, images, crops, [normalize], config)
        task = experiment.fitted_task(task, model, images, validation)
        results = evaluation.run_tests(
            model, test_set, crops.tests, [normalize], config.batch_size, task=task)  # fmt: skip
        baselines = experiment.to_beat(images, size, config.seed, task)
        pixels = ImagePreprocessing(size, one_crop.resize, mean=mean, std=std)
        from_pixels = serving_model(model, pixels, images.channels)
        return experiment.close_run(
            run, from_pixels, history, images, results, crops.train, crops.tests,
            baselines=baselines, remarks=remarks,
        )  # fmt: skip


def build(config, images, task, size, schedule, jit, **metrics):
    """The compiled network."""
    model = models.resnet(
        config.depth, (size, size, images.channels), images.num_classes,
        normalization=config.normalization, stochastic_depth=config.stochastic_depth,
        classifier_activation=task.activation, seed=config.seed,
    )  # fmt: skip
    options = {"momentum": config.momentum, "nesterov": config.nesterov}
    optimizer = keras.optimizers.SGD(schedule, **options, **config.optimizer_options())
    model = task.head(model)
    decay_kernels(model, optimizer, config.weight_decay)
    metrics = metrics or {"metrics": task.compiled_metrics()}
    model.compile(optimizer, task.loss(config.label_smoothing), **metrics, jit_compile=jit)
    return model


if __name__ == "__main__":
    experiment.command_line(main, Config)
