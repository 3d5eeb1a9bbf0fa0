"""Fine-tuning beside the plain Keras guide.

    python benchmarks/transfer.py FOLDER
    python benchmarks/transfer.py FOLDER --size 96 --seeds 5 --head-epochs 10 --epochs 5

FOLDER has class folders of images. Each seed splits it differently; both start from the same
ImageNet weights and see the same training images. "Ours" is what recipes/finetune.py does by
default. "Keras" is the guide https://keras.io/guides/transfer_learning: freeze, train a head with
dropout on augmented images, unfreeze all, train at a low rate, with normalisation as in prediction
throughout. Seconds are from images to trained model, both contestants in one process by turns.
"""

import argparse
import os
import pathlib
import statistics
import sys
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "recipes"))

import finetune
import keras
import numpy as np

from kerasrecipes import augment, data, experiment, models, transfer

SPLIT = (0.6, 0.1, 0.3)


def ours(config, images, crop):
    """The model that the recipe trains by default, without its files."""
    plan, phase = finetune.choose_plan(config, images)
    backbone = finetune.make_backbone(config, images)
    probe = finetune.fit_head(config, plan, phase, images, crop, backbone, None)
    model = transfer.classifier(backbone, images.num_classes, stage=probe.best.stage)
    model.get_layer("classifier").set_weights([probe.best.kernel, probe.best.bias])
    if phase:
        raise SystemExit("Fine-tuning of many images is timed by the recipe itself.")
    return model


def keras_guide(options, config, images, crop):
    """The guide's two trainings."""
    backbone = finetune.make_backbone(config, images)
    inputs = keras.Input(backbone.input_shape[1:])
    x = keras.layers.RandomFlip("horizontal")(inputs)
    x = keras.layers.RandomRotation(0.1)(x)
    x = backbone(x, training=False)
    x = keras.layers.GlobalAveragePooling2D()(x)
    x = keras.layers.Dropout(0.2)(x)
    outputs = keras.layers.Dense(images.num_classes, activation="softmax")(x)
    model = keras.Model(inputs, outputs)
    batches = finetune.batches(config, images.train, crop).cache().shuffle(1000, seed=config.seed)
    for trainable, rate, epochs in (
        (False, 1e-3, options.head_epochs),
        (True, 1e-5, options.epochs),
    ):
        backbone.trainable = trainable
        optimizer = keras.optimizers.Adam(rate)
        loss = keras.losses.SparseCategoricalCrossentropy()
        model.compile(optimizer, loss, jit_compile=False)
        model.fit(batches, epochs=epochs, verbose=0)
    return model


def accuracy(model, config, images, crop):
    """The fraction of the test images that is right."""
    batches = finetune.batches(config, images.test, crop)
    labels = np.concatenate([y for _, y in batches.as_numpy_iterator()])
    return float(np.mean(model.predict(batches, verbose=0).argmax(axis=1) == labels))


def compare(options, seed):
    """Print a line for one split; return {name: (accuracy, seconds)}."""
    config = finetune.Config(
        data=options.folder, size=options.size, backbone=options.backbone, seed=seed
    )
    experiment.configure(config)
    images = data.load(options.folder, SPLIT, seed)
    size = options.size or models.backbone(options.backbone).input_shape[1]
    crop = augment.CenterCrop(size, size if images.short_side < size else None, channels=3)
    found = {}
    for name, train in (
        ("ours", lambda: ours(config, images, crop)),
        ("Keras", lambda: keras_guide(options, config, images, crop)),
    ):
        start = time.perf_counter()
        model = train()
        seconds = time.perf_counter() - start
        found[name] = accuracy(model, config, images, crop), seconds
    print(
        f"seed {seed}: "
        + ", ".join(f"{name} {share:.4f} in {took:.1f} s" for name, (share, took) in found.items()),
        flush=True,
    )
    return found


def main():
    """Compare over several splits."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("folder")
    parser.add_argument("--backbone", default="efficientnet_lite0")
    parser.add_argument("--size", type=int)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--head-epochs", type=int, default=10)
    parser.add_argument("--epochs", type=int, default=5)
    options = parser.parse_args()
    runs = [compare(options, seed) for seed in range(options.seeds)]
    for name in runs[0]:
        shares, seconds = zip(*(run[name] for run in runs))
        print(
            f"{name:<13} accuracy {statistics.mean(shares):.4f} ({min(shares):.4f} to "
            f"{max(shares):.4f}), median {statistics.median(seconds):.2f} s"
        )
    ratios = [run["ours"][1] / run["Keras"][1] for run in runs]
    print(f"time of ours / time of Keras: median {statistics.median(ratios):.3f}")


if __name__ == "__main__":
    main()
