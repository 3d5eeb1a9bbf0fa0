"""What one starts from today: a wide residual network with the techniques that came since.

Each is a flag: warm-up and cosine, Nesterov momentum or AdamW, decay of kernels alone, label
smoothing, TrivialAugment (Müller & Hutter, 2021) or RandAugment (Cubuk et al., 2019), CutMix (Yun
et al., 2019, https://arxiv.org/abs/1905.04899) or MixUp (Zhang et al., 2017), random erasing,
stochastic depth, averaged weights. Operations, mixing and erasing are off at first: they should pay
in long trainings, and cost accuracy in a short one. `--ablate` trains with all that are on and
without each, by several seeds, and draws what each gives. Full size not run; results:
recipes/README.md.

    python recipes/modern.py  # one crop 88.4%, mirror and shifts 89.0 ± 0.2%, 3 x 109 s
    python recipes/modern.py --ablate --epochs 5
    python recipes/modern.py --data cifar10.npz --depth 16 --width 8 --epochs 100 --mix cutmix
"""

import dataclasses

from kerasrecipes_flags import CROPS, TASKS, AblationConfig, check_effect, flag, parse_first

LARGEST_DEFAULT_SIZE = 64
RATES, DECAYS = {"sgd": 0.2, "adamw": 4e-3}, {"sgd": 5e-4, "adamw": 0.05}
OFF = {
    "warm-up": {"warm_up": 0.0}, "cosine": {"schedule": "constant"},
    "label smoothing": {"label_smoothing": 0.0}, "weight decay": {"weight_decay": 0.0},
    "augmentation": {"augment": "none", "strength": 1.0}, "crops": {"crops": "none"},
    "mixing": {"mix": "none", "mix_alpha": 1.0}, "erasing": {"erasing": 0.0},
    "stochastic depth": {"stochastic_depth": 0.0}, "averaging": {"averaging": 0.0},
}  # fmt: skip


@dataclasses.dataclass(frozen=True, kw_only=True)
class Config(AblationConfig):
    """The flags of this recipe, over those of every recipe with an ablation."""

    task: str = flag("classes", "what the labels of a CSV are", choices=TASKS)
    epochs: int = flag(12, "epochs of training", "[1, 1000000]")
    batch_size: int = flag(64, "images per step", "[1, 1000000]")
    depth: int = flag(10, "layers: 6n+4 (10, 16, 22, 28, ...)", "[10, 2000]")
    width: int = flag(1, "multiplier of the filters", "[1, 1000]")
    size: int | None = flag(None, "side of the crop (default: theirs, <= 64 px)", "[1, 4096]")
    crops: str = flag("auto", "crops; auto: pad for images of under 64 px, else scale", None, CROPS)
    optimizer: str = flag("sgd", "sgd has Nesterov momentum of 0.9", choices=tuple(RATES))
    learning_rate: float | None = flag(None, f"highest rate (default: {RATES})", "(0, inf)")
    schedule: str = flag("cosine", "the rate after the warm-up", choices=("cosine", "constant"))
    warm_up: float = flag(0.1, "fraction of the steps in which the rate rises", "[0, 1)")
    weight_decay: float | None = flag(None, f"decay of kernels (default: {DECAYS})", "[0, inf)")
    label_smoothing: float = flag(0.1, "probability spread over all classes", "[0, 1)")
    augment: str = flag("none", "random operations", choices=("trivial", "rand", "none"))
    strength: float = flag(1.0, "strongest of these operations; 1: as published", "[0, 1]")
    mix: str = flag("none", "pairs of images mixed", choices=("cutmix", "mixup", "none"))
    mix_alpha: float = flag(1.0, "parameter of their Beta distribution; 1: uniform", "(0, inf)")
    erasing: float = flag(0.0, "probability that a rectangle is overwritten", "[0, 1]")
    stochastic_depth: float = flag(0.05, "drop rate of the last residual block", "[0, 1)")
    averaging: float = flag(0.99, "fraction of averaged weights kept at each step", "[0, 1)")
    temperature: bool = flag(True, "calibrate the probabilities by temperature scaling")

    def __post_init__(self):
        super().__post_init__()
        check_effect(self, strength="augment", mix_alpha="mix")


parse_first(Config)  # --help and refused flags end here, before the slow imports

from kerasrecipes import augment, callbacks, data, evaluation, experiment, models, schedules
from kerasrecipes.layers import ImagePreprocessing
from kerasrecipes.optimizers import decay_kernels
from kerasrecipes.serving import serving_model

import keras


def main(config):
    """Train, test, report; or ablate. Returns the content of `metrics.json`."""
    with experiment.run(config, "modern") as run:
        images = data.load(config.data, **config.data_options())
        print(experiment.describe_images(images))
        if config.ablate:
            return experiment.ablate(run, images, main, OFF)
        task = evaluation.task_of(images)
        size = config.size or min(images.short_side, LARGEST_DEFAULT_SIZE)
        crops = experiment.choose_crops(config.crops, images, size)
        mean, std = experiment.channel_statistics(images.train, size, images.channels)
        normalize, (before, mixing) = augment.Normalize(mean, std), transforms(config)
        training = augment.pipeline(
            images.train, [*crops.train, *before, normalize, *mixing],
            training=True, seed=config.seed, start_step=run.start_step,
            num_classes=task.one_hot(images), **run.replicas.batching(config, images.train),
        )  # fmt: skip
        test_set, one_crop = images.test or images.validation, next(iter(crops.tests.values()))
        validation = augment.pipeline(
            images.validation or test_set, [one_crop, normalize], config.batch_size,
            training=False, num_classes=task.one_hot(images),
        )  # fmt: skip
        with run.replicas.scope():
            model = build(config, images, task, size, training.steps_per_pass, run)
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
        pixels = ImagePreprocessing(size, one_crop.resize, mean=mean, std=std)
        served, shown = serving_model(model, pixels, images.channels), [*crops.train, *before]
        return experiment.close_run(
            run, served, history, images, results, shown, crops.tests, remarks=remarks
        )


def transforms(config):
    """What follows the crop of a training image, before its normalisation and after it."""
    operations = {
        "trivial": [augment.TrivialAugment(config.strength)],
        "rand": [augment.RandAugment(2, 10 * config.strength)],
    }.get(config.augment, [])
    erasing = [augment.RandomErasing(config.erasing)] if config.erasing else []
    mix = {"cutmix": augment.CutMix, "mixup": augment.MixUp}.get(config.mix)
    return [*operations, *erasing], [mix(config.mix_alpha)] if mix else []


def build(config, images, task, size, steps_an_epoch, run):
    """The compiled network, whose rate rises first."""
    rate = config.learning_rate or RATES[config.optimizer]
    decay = DECAYS[config.optimizer] if config.weight_decay is None else config.weight_decay
    steps = config.epochs * steps_an_epoch
    warmup = int(config.warm_up * steps)
    length = max(1, steps - warmup) if config.schedule == "cosine" else 2**31 - 1
    schedule = schedules.WarmRestarts(rate, length, cycle_multiplier=1, warmup=warmup)
    model = models.wide_resnet(
        config.depth, config.width, (size, size, images.channels), images.num_classes,
        stochastic_depth=config.stochastic_depth, stochastic_depth_mode="batch",
        classifier_activation=task.activation, seed=config.seed,
    )  # fmt: skip
    options = {"momentum": 0.9, "nesterov": True} if config.optimizer == "sgd" else {}
    kind = keras.optimizers.SGD if options else keras.optimizers.AdamW
    optimizer = kind(schedule, **options, **config.optimizer_options())
    model = task.head(model)
    decay_kernels(model, optimizer, decay)
    loss, metrics = task.loss(config.label_smoothing), task.compiled_metrics()
    model.compile(optimizer, loss, **run.replicas.metrics(metrics), jit_compile=run.jit)
    return model


if __name__ == "__main__":
    experiment.command_line(main, Config)
