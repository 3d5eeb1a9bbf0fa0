"""A good network in little time: what a short training can do without is left out.

The idea is that of Jordan, 2024, https://arxiv.org/abs/2404.00498, who trains CIFAR-10 to 94% in
3.3 seconds of an A100: the first convolution is not learned but whitens patches; in every two
epochs an image is seen once as it is and once mirrored; random crops; one cycle of the rate,
Nesterov momentum, label smoothing; a higher rate for the biases of normalisations; averaged
weights; tests by mirror image and small shifts. He reflects pixels into the border, averages as
Lookahead does and has GELU; each of his epochs has every image once, ours may have one both ways
and another not at all; his other convolutions start as identities, his outputs are divided by 9.

    python recipes/speedrun.py  # one crop 89.3%, mirror and shifts 89.7 ± 0.5%, 5 x 42 s
    python recipes/speedrun.py --data cifar10.npz --width 64 --activation gelu --epochs 10 \
        --batch-size 1000 --on-device  # for a GPU; the rate is not tuned, his highest is 1.5

Images are held in memory. Full size not run; results: recipes/README.md.
"""

import dataclasses
import warnings

from kerasrecipes_flags import TrainingConfig, flag, parse_first


@dataclasses.dataclass(frozen=True, kw_only=True)
class Config(TrainingConfig):
    """The flags of this recipe, over those of every training recipe."""

    epochs: int = flag(7, "epochs of training", "[1, 1000000]")
    batch_size: int = flag(64, "images per step", "[1, 1000000]")
    size: int | None = flag(None, "side of the images (default: theirs, <= 64 px)", "[8, 64]")
    width: int = flag(16, "filters of the first block; four times as many follow", "[1, 1000]")
    patch: int = flag(3, "side of the whitened patches in pixels", "[2, 8]")
    activation: str = flag("relu", "of every convolution", choices=("relu", "gelu"))
    learning_rate: float = flag(0.1, "highest rate of the cycle", "(0, inf)")
    momentum: float = flag(0.85, "Nesterov momentum", "[0, 1)")
    bias_rate: float = flag(16.0, "rate of normalisation's biases over the others'", "(0, inf)")
    weight_decay: float = flag(5e-4, "L2 penalty on kernels: weight_decay / 2 · |w|^2", "[0, inf)")
    label_smoothing: float = flag(0.1, "probability spread over all classes", "[0, 1)")
    averaging: float = flag(0.98, "fraction of averaged weights kept at each step", "[0, 1)")
    on_device: bool = flag(False, "keep the images on the device and crop there: for a GPU")
    temperature: bool = flag(True, "calibrate the probabilities by temperature scaling")


parse_first(Config)  # --help and refused flags end here, before the slow imports

from kerasrecipes import augment, callbacks, data, evaluation, experiment, initializers, schedules
from kerasrecipes.layers import ImagePreprocessing
from kerasrecipes.optimizers import LayerwiseLearningRates, decay_kernels
from kerasrecipes.serving import serving_model

import keras
import numpy as np


def main(config):
    """Train, test, report. Returns the content of `metrics.json`."""
    with experiment.run(config, "speedrun") as run:
        images = data.load(config.data, **config.data_options())
        task, size = evaluation.task_of(images), config.size or min(images.short_side, 64)
        crops = experiment.choose_crops("pad", images, size)
        mean, std = experiment.channel_statistics(images.train, size, images.channels)
        normalize, one_crop = augment.Normalize(mean, std), next(iter(crops.tests.values()))
        print(experiment.describe_images(images))
        source = with_mirror_images(images.train, one_crop)
        transforms = [augment.PadCrop(size, size // 8), normalize]
        place = {"start_step": run.start_step, **run.replicas.batching(config, source)}
        options = {"seed": config.seed, "num_classes": images.num_classes, **place}
        if config.on_device:
            training = augment.OnDevice(transforms).batches(source, training=True, **options)
        else:
            training = augment.pipeline(source, transforms, training=True, **options)
        test_set = images.test or images.validation
        validation = augment.pipeline(
            images.validation or test_set, [one_crop, normalize], config.batch_size,
            training=False, num_classes=images.num_classes,
        )  # fmt: skip
        steps = -(-training.steps_per_pass // 2)  # a pass has the images and their mirror images
        examples = normalize(pixels_of(images.train.take(2000), one_crop))
        schedule = schedules.OneCycle(config.learning_rate, max(4, config.epochs * steps))
        loss, metrics = task.loss(config.label_smoothing), task.compiled_metrics()
        with run.replicas.scope():
            model = network(config, images, size, keras.ops.convert_to_numpy(examples))
            optimizer = optimizer_of(config, model, schedule)
            model.compile(optimizer, loss, **run.replicas.metrics(metrics), jit_compile=run.jit)
        averaging = [callbacks.PolyakAveraging(config.averaging)] if config.averaging else []
        history = model.fit(
            training, epochs=config.epochs, steps_per_epoch=steps, shuffle=False, verbose=0,
            validation_data=run.replicas.held_out(validation),
            callbacks=[*averaging, *run.callbacks(images)],
        )  # fmt: skip
        model = run.replicas.on_one_device(model)
        model, remarks = experiment.calibrated(model, images, crops, [normalize], config)
        results = evaluation.run_tests(
            model, test_set, crops.tests, [normalize], config.batch_size, task=task)  # fmt: skip
        pixels = ImagePreprocessing(size, one_crop.resize, mean=mean, std=std)
        served = serving_model(model, pixels, images.channels)
        return experiment.close_run(
            run, served, history, images, results, crops.train, crops.tests, remarks=remarks
        )


def pixels_of(source, crop):
    """The images of a set, cropped to one size."""
    batches = augment.pipeline(source, [crop], 500, training=False)
    return np.concatenate([batch for batch, _ in batches.as_numpy_iterator()])


def with_mirror_images(source, crop):
    """A set of the images and their mirror images."""
    if getattr(source, "weights", None) is not None:
        raise ValueError("Argument `data` must have no weights here. Received: images with weights")
    x, y = pixels_of(source, crop).round().astype("uint8"), np.asarray(source.labels)
    both = np.concatenate([x, x[:, :, ::-1]]), np.concatenate([y, y])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the test set, which is not used
        return data.load((*both, x[:1], y[:1])).train


def network(config, images, size, examples):
    """Whitened patches, three blocks of two convolutions, and a classifier."""
    inputs = keras.Input((size, size, images.channels))
    filters = 2 * config.patch**2 * images.channels
    whitening = keras.layers.Conv2D(filters, config.patch, padding="same", name="whitening")
    x = keras.layers.Activation(config.activation)(whitening(inputs))
    initializers.PatchWhitening(epsilon=0.01)(whitening, examples)
    whitening.trainable = False
    mirrored = config.devices > 1 and keras.backend.backend() == "tensorflow"
    norm = {"momentum": 0.9, "scale": False, "synchronized": mirrored}
    for block, width in enumerate((config.width, 4 * config.width, 4 * config.width)):
        for number in range(2):
            start = keras.initializers.HeNormal(seed=100 * config.seed + 10 * block + number)
            options = {"padding": "same", "use_bias": False, "kernel_initializer": start}
            x = keras.layers.Conv2D(width, 3, **options)(x)
            x = keras.layers.MaxPooling2D(2, padding="same")(x) if number == 0 else x
            x = keras.layers.BatchNormalization(**norm, name=f"norm{block}_{number}")(x)
            x = keras.layers.Activation(config.activation)(x)
    start = {"kernel_initializer": keras.initializers.GlorotUniform(seed=config.seed)}
    head = keras.layers.Dense(images.num_classes, "softmax", dtype="float32", **start)
    return keras.Model(inputs, head(keras.layers.GlobalMaxPooling2D()(x)), name="speedrun")


def optimizer_of(config, model, schedule):
    """Nesterov momentum that moves the biases of the normalisations faster."""
    options = {"momentum": config.momentum, "nesterov": True, **config.optimizer_options()}
    optimizer = decay_kernels(model, keras.optimizers.SGD(schedule, **options), config.weight_decay)
    return LayerwiseLearningRates(optimizer, {"norm*/beta": config.bias_rate})


if __name__ == "__main__":
    experiment.command_line(main, Config)
