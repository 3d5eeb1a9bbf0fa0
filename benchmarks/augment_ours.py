"""What `benchmarks/augment.py` times of ours: name of the task -> function of JPEGs -> run."""

import numpy as np
import tensorflow as tf

from kerasrecipes import augment

MEAN, STD = [123.675, 116.28, 103.53], [58.395, 57.12, 57.375]
BATCH = 32


def pixels(data):
    """Return uint8 images 224x224, for the tasks that do not decode."""
    crop = augment.CenterCrop(224)
    return np.stack([np.uint8(np.round(crop(image))) for image in data])


def pixel_batches(data):
    """Return the images of `pixels` as tensors of `BATCH` images: cut before, slices are copies."""
    images = pixels(data)
    return [tf.constant(images[start : start + BATCH]) for start in range(0, len(data), BATCH)]


def train(data):
    transforms = [
        augment.RandomScaleCrop(224),
        augment.RandomFlip(),
        augment.Normalize(MEAN, STD),
    ]
    return _through_pipeline(data, transforms)


def fifty_crops(data):
    crops = augment.TenCrop(224, (224, 256, 384, 480, 640))
    run = tf.function(crops, input_signature=[tf.TensorSpec([], tf.string)])

    def one_by_one():
        for image in data:
            run(image)  # dropped at once, as by the peer: kept, 30 MB each are new pages

    return one_by_one


def on_batches(transform, labels=False):
    """Return a task: the transform, jitted as the pipeline does, on batches of uint8."""

    def build(data):
        batches = pixel_batches(data)
        hot = [tf.one_hot(tf.range(len(batch)), 1000) for batch in batches]
        seeds = [tf.random.uniform([len(batch), 2], 0, 2**30, tf.int32) for batch in batches]
        jitted = tf.function(transform, jit_compile=True)

        def run():
            for arguments in zip(batches, hot, seeds) if labels else zip(batches, seeds):
                jitted(*arguments)

        return run

    return build


def _through_pipeline(data, transforms):
    dataset = tf.data.Dataset.from_tensor_slices((data, np.zeros(len(data), "int64")))
    batches = iter(augment.pipeline(dataset, transforms, BATCH, True, drop_remainder=True))
    return lambda: [next(batches) for _ in range(len(data) // BATCH)]


OURS = {
    "train": train,
    "fifty crops": fifty_crops,
    "colour": on_batches(augment.ColorJitter(0.4, 0.4, 0.4)),
    "erasing": on_batches(augment.RandomErasing(1.0)),
    "mix up": on_batches(augment.MixUp(0.2), labels=True),
    "cut mix": on_batches(augment.CutMix(1.0), labels=True),
    "lighting": on_batches(augment.PCALighting()),
    "warp": on_batches(augment.RandomWarp(20, 0.1, 0.2, 10, 0.1)),
}
