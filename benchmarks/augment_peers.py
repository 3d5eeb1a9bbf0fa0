"""What `benchmarks/augment.py` times of others: task -> name -> function of JPEGs -> run.

Imports are inside, so that a peer that is not installed is reported and not missed.
"""

import io
import os
import sys
import types

import keras
import numpy as np
import tensorflow as tf
from augment_ours import BATCH, MEAN, STD, pixel_batches, pixels
from PIL import Image

RANDOM = np.random.default_rng(0)


def simplejpeg_decode(data):
    import simplejpeg

    return lambda: [simplejpeg.decode_jpeg(image) for image in data]


def torchvision_train(data):
    v1 = _torchvision().transforms
    crop = v1.Compose([v1.RandomCrop(224), v1.RandomHorizontalFlip(), v1.ToTensor(), _normalize()])

    def one(image):
        short = int(RANDOM.integers(256, 481))
        return crop(v1.functional.resize(_opened(image), short))

    return lambda: _collated(one, data)


def timm_train(data):
    _torchvision()
    from timm.data import create_transform

    transform = create_transform(224, is_training=True, color_jitter=None, interpolation="bilinear")
    return lambda: _collated(lambda image: transform(_opened(image)), data)


def keras_train(data):
    layers = keras.layers
    flip = layers.RandomFlip("horizontal")
    normalize = layers.Normalization(mean=MEAN, variance=np.square(STD))

    def one(image):
        pixels = tf.io.decode_jpeg(image, channels=3)
        short = tf.random.uniform([], 256, 481, tf.int32)
        size = tf.cast(tf.shape(pixels)[:2], tf.float32)
        scaled = tf.cast(size * tf.cast(short, tf.float32) / tf.reduce_min(size), tf.int32)
        # keras.layers.RandomCrop cannot be traced on images of unknown size.
        crop = tf.image.random_crop(tf.image.resize(pixels, scaled), (224, 224, 3))
        return normalize(flip(crop, training=True))

    dataset = tf.data.Dataset.from_tensor_slices(data).repeat().map(one, num_parallel_calls=2)
    batches = iter(dataset.batch(BATCH).prefetch(2))
    return lambda: [next(batches) for _ in range(len(data) // BATCH)]


def albumentations_train(data):
    import cv2

    album = _albumentations()
    cv2.setNumThreads(1)
    rest = album.Compose(
        [album.RandomCrop(224, 224), album.HorizontalFlip(), album.Normalize(MEAN, STD, 1.0)]
    )

    def one(image):
        decoded = cv2.imdecode(np.frombuffer(image, np.uint8), cv2.IMREAD_COLOR_RGB)
        resize = album.SmallestMaxSize(int(RANDOM.integers(256, 481)))
        return rest(image=resize(image=decoded)["image"])["image"]

    return lambda: [
        np.stack([one(image) for image in data[start : start + BATCH]])
        for start in range(0, len(data), BATCH)
    ]


def dali_train(data):
    from nvidia.dali import fn, pipeline_def
    from nvidia.dali import types as dali

    # It would ask for as many batches ahead as its queue is deep.
    @pipeline_def(batch_size=BATCH, num_threads=1, device_id=None, prefetch_queue_depth=1)
    def graph():
        jpegs = fn.external_source(name="jpegs", dtype=dali.UINT8)
        images = fn.decoders.image(jpegs, device="cpu")
        images = fn.resize(images, resize_shorter=fn.random.uniform(range=(256.0, 480.0)))
        return fn.crop_mirror_normalize(
            images, crop=(224, 224), mirror=fn.random.coin_flip(), mean=MEAN, std=STD,
            crop_pos_x=fn.random.uniform(range=(0.0, 1.0)),
            crop_pos_y=fn.random.uniform(range=(0.0, 1.0)), output_layout="HWC",
        )  # fmt: skip

    built = graph()
    built.build()
    arrays = [np.frombuffer(image, np.uint8) for image in data]

    def run():
        for start in range(0, len(data), BATCH):
            built.feed_input("jpegs", arrays[start : start + BATCH])
            built.run()

    return run


def torchvision_crops(data):
    v1 = _torchvision().transforms

    def one(image):
        opened = _opened(image)
        for scale in (224, 256, 384, 480, 640):
            crops = v1.functional.ten_crop(v1.functional.resize(opened, scale), 224)
            _torch().stack([v1.functional.to_tensor(crop) for crop in crops])

    return lambda: [one(image) for image in data]


def keras_layers(*layers):
    """Return a task: Keras layers in a row on batches."""

    def build(data):
        batches = pixel_batches(data)
        hot = tf.one_hot(tf.range(BATCH), 1000)

        @tf.function
        def change(batch):
            for layer in layers:
                mixes = type(layer).__name__ in ("MixUp", "CutMix")
                batch = {"images": batch, "labels": hot} if mixes else batch
                batch = layer(batch, training=True)
            return batch

        return lambda: [change(batch) for batch in batches]

    return build


def albumentations_one_by_one(make):
    """Return a task: an albumentations transform on single images."""

    def build(data):
        import cv2

        cv2.setNumThreads(1)
        transform, images = make(_albumentations()), pixels(data)
        return lambda: [transform(image=image)["image"] for image in images]

    return build


def torch_lighting(data):
    torch = _torch()
    images = torch.tensor(pixels(data)).permute(0, 3, 1, 2)
    values = torch.tensor([0.2175, 0.0188, 0.0045])
    vectors = torch.linalg.qr(torch.randn(3, 3)).Q

    def one(image):
        offset = (vectors * torch.normal(0.0, 0.1, (3,)) * values).sum(1)
        lit = image.float() + 255 * offset[:, None, None]
        return lit.clamp(0, 255).round().to(torch.uint8)

    return lambda: [one(image) for image in images]


def torchvision_mix(name):
    """Return a task: MixUp or CutMix of torchvision's v2 on float batches."""

    def build(data):
        _torchvision()
        from torchvision.transforms import v2

        torch, mix = _torch(), getattr(v2, name)(num_classes=1000)
        images = torch.tensor(pixels(data)).permute(0, 3, 1, 2).contiguous().float()
        labels = torch.arange(BATCH)
        return lambda: [mix(images[i : i + BATCH], labels) for i in range(0, len(data), BATCH)]

    return build


def _opened(image):
    return Image.open(io.BytesIO(image)).convert("RGB")


def _collated(one, data):
    return [
        _torch().stack([one(image) for image in data[start : start + BATCH]])
        for start in range(0, len(data), BATCH)
    ]


def _normalize():
    scaled = (np.divide(MEAN, 255).tolist(), np.divide(STD, 255).tolist())
    return _torchvision().transforms.Normalize(*scaled)


def _torch():
    import torch

    torch.set_num_threads(1)
    return torch


def _torchvision():
    # A torchvision built for CUDA imports beside a CPU torch without its detection operators.
    sys.modules.setdefault(
        "torchvision._meta_registrations", types.ModuleType("torchvision._meta_registrations")
    )
    import torchvision.transforms

    return torchvision


def _albumentations():
    os.environ.setdefault("NO_ALBUMENTATIONS_UPDATE", "1")
    import albumentations

    return albumentations


_LAYERS = keras.layers
_RANGE = {"value_range": (0, 255)}
PEERS = {
    "train": {
        "simplejpeg, decode alone": simplejpeg_decode,
        "torchvision": torchvision_train,
        "timm": timm_train,
        "Keras": keras_train,
        "albumentations": albumentations_train,
        "DALI, CPU": dali_train,
    },
    "fifty crops": {"torchvision": torchvision_crops},
    "colour": {
        "Keras": keras_layers(
            _LAYERS.RandomBrightness(0.4, **_RANGE),
            _LAYERS.RandomContrast(0.4, **_RANGE),
            _LAYERS.RandomSaturation(0.4, **_RANGE),
        ),
        "albumentations": albumentations_one_by_one(
            lambda album: album.ColorJitter((0.6, 1.4), (0.6, 1.4), (0.6, 1.4), (0, 0), p=1.0)
        ),
    },
    "erasing": {"Keras": keras_layers(_LAYERS.RandomErasing(1.0, **_RANGE))},
    "mix up": {"Keras": keras_layers(_LAYERS.MixUp(0.2)), "torchvision": torchvision_mix("MixUp")},
    "cut mix": {
        "Keras": keras_layers(_LAYERS.CutMix(1.0)),
        "torchvision": torchvision_mix("CutMix"),
    },
    "lighting": {"PyTorch": torch_lighting},
    "warp": {
        "Keras": keras_layers(
            _LAYERS.RandomRotation(20 / 360, "constant"),
            _LAYERS.RandomTranslation(0.1, 0.1, "constant"),
            _LAYERS.RandomZoom(0.2, 0.2, "constant"),
            _LAYERS.RandomShear(0.17, 0.0, fill_mode="constant"),
        ),
        "albumentations": albumentations_one_by_one(
            lambda album: album.Affine(
                rotate=(-20, 20),
                translate_percent=(-0.1, 0.1),
                scale=(0.83, 1.2),
                shear=(-10, 10),
                p=1.0,
            )  # fmt: skip
        ),
    },
}
