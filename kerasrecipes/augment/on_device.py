"""Transforms of whole batches on the device of the Keras backend."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from keras import ops

from kerasrecipes.augment import host_draws
from kerasrecipes.augment.array_transform import check_mixing, draw_tensors
from kerasrecipes.augment.compiled_part import apply_parts, compiled_parts
from kerasrecipes.augment.device_batches import device_batches
from kerasrecipes.augment.forms import FORM_FOR_DEVICE, has_form_of_all
from kerasrecipes.augment.pixel_values import check_dtype, check_order
from kerasrecipes.augment.stages import checked_for_device


class OnDevice:
    """Transforms whole batches of one size on the device of the backend, without TensorFlow.

    What is drawn (corners, mirrors, weights) is computed on the host by the rules of
    `augment.pipeline` and copied to the device: a few numbers an image, for a resized crop the
    weights of its rows and columns, for noise in `RandomErasing` a number for each pixel and
    channel. The pixels are computed by `keras.ops`. The same seeds give the same images as
    `augment.pipeline`, to the rounding of floats.

    On JAX and TensorFlow the first call with a batch size compiles, for tenths of a second to
    seconds. A batch smaller than one before, as the last of a set is, is padded to the smallest
    size that was compiled: it compiles next to nothing and takes the time of that size. A policy
    (`RandAugment`, `TrivialAugment`) is not compiled on TensorFlow.

    It is no Keras layer. The draws are 64-bit integers, which JAX and XLA have not by default, and
    float64, and they belong to the epoch and the index of an image: a layer inside a compiled step
    knows neither, so that its images would be others, and those of a resumed run too. MixUp and
    CutMix change the labels, which a layer does not see. So it stands where batches are made; a
    model that is saved holds no augmentation.

    Args:
        transforms: sequence of transforms, applied in order: all but `DecodeImage`, and none of
            your own. A policy (`RandAugment`, `TrivialAugment`) computes eight operations and
            a warp of the whole batch, and chooses; a level of uint8 may differ from the pipeline's
            where a warp is rounded.

    Call arguments:
        images: (N, H, W, C), uint8 or floats in 0..255: a tensor of the backend or an array.
        labels: (N, classes), floats, one-hot; `None` (default) unless a transform mixes labels.
        seeds: (N, 2) integers, a pair for each image; `None` (default) only where no transform
            draws at random.

    Returns:
        The images as a tensor; with labels, a pair of tensors.

    Raises:
        ValueError: a transform without a form for a device, one that mixes images before the last
            crop, images of another shape, or no seeds for a transform that draws at random.
        TypeError: images that are neither uint8 nor floats.

    Example:

    >>> import numpy as np
    >>> from kerasrecipes import augment, data
    >>> crop = augment.OnDevice([augment.PadCrop(28, 4), augment.Normalize(127.5, 127.5)])
    >>> tuple(crop(np.zeros((2, 28, 28, 1), "uint8"), seeds=[[0, 1], [0, 2]]).shape)
    (2, 28, 28, 1)
    >>> batches = crop.batches(data.load("fashion_mnist_sample").train, 500, training=True)
    >>> batches.steps_per_pass
    12
    """

    def __init__(self, transforms: Sequence[Any]) -> None:
        self.transforms = checked_for_device(transforms)
        for transform in self.transforms:
            if not getattr(transform, "has_device_form", False):
                raise ValueError(
                    "Argument `transforms` must have transforms with a form for a device: give "
                    f"the others to `augment.pipeline`. Received: {transform!r}"
                )
            if not has_form_of_all(transform, *FORM_FOR_DEVICE):
                raise ValueError(
                    "Argument `transforms` must have transforms whose form for a device does all "
                    f"that they do: {type(transform).__name__} changes `__call__` or `apply`, but "
                    f"not `apply_on_device`. Received: {transform!r}"
                )
        check_order(self.transforms)
        self._parts = compiled_parts(self.transforms)

    def __call__(self, images: Any, labels: Any = None, seeds: Any = None) -> Any:
        """Return the transformed batch, as a tensor of the backend."""
        images = ops.convert_to_tensor(images)
        self._check(images, labels)
        seeds = host_draws.as_seed(self._given(seeds, images.shape[0]))
        if seeds.shape != (images.shape[0], 2):
            raise ValueError(
                "Argument `seeds` must be a pair of integers for each image, shape "
                f"({images.shape[0]}, 2). Received: shape={seeds.shape}"
            )
        drawn, shape = [], tuple(images.shape[1:])
        for place, transform in enumerate(self.transforms):
            drawn.append(draw_tensors(transform, host_draws.fold(seeds, place), shape))
            shape = transform.shape_on_device(shape)
        if not self.mixes:
            return apply_parts(self._parts, images, None, drawn)[0]
        return apply_parts(self._parts, images, ops.convert_to_tensor(labels), drawn)

    @property
    def mixes(self) -> bool:
        """Whether a transform changes the labels."""
        return any(transform.takes_labels for transform in self.transforms)

    def batches(
        self,
        dataset: Any,
        batch_size: int,
        training: bool,
        seed: int = 0,
        shuffle: bool | None = None,
        start_step: int = 0,
        drop_remainder: bool = False,
        num_classes: int | None = None,
        shard: tuple[int, int] = (0, 1),
        weighted: bool | None = None,
    ) -> Any:
        """Return the batches of `augment.pipeline` of a set that lives on the device.

        Args:
            dataset: a source of images of one size, such as arrays given to `data.load`, whose
                pixels are copied to the device once. Other sources are read image by image.
            batch_size, training, seed, start_step, drop_remainder, num_classes, shard, weighted:
                as for `augment.pipeline`.
            shuffle: bool; `None` (default) is `training`.

        Returns:
            A `DeviceBatches`, which `fit`, `evaluate` and `predict` take: in training without end,
            so that `fit` needs `steps_per_epoch=batches.steps_per_pass`.

        Raises:
            ValueError: images of several sizes, or an argument outside its range.
            TypeError: encoded images, or a `dataset` that cannot be indexed.
            MemoryError: a device that has no room for the set.
        """
        return device_batches(
            self, dataset, batch_size, training, seed, shuffle, start_step, drop_remainder,
            num_classes, shard, weighted, resident=True,
        )  # fmt: skip

    def _given(self, seeds, count):
        """Return the seeds, or raise if there are none and a transform draws."""
        if seeds is not None:
            return seeds
        for transform in self.transforms:
            if transform.draws_on_host:
                raise ValueError(
                    f"Argument `seeds` must be given: {type(transform).__name__} draws at random. "
                    "Give a pair of integers of each image's own, shape (N, 2), or leave that to "
                    "`batches`. Received: seeds=None"
                )
        return np.zeros((count, 2), np.int64)

    def _check(self, images, labels):
        if len(images.shape) != 4:
            raise ValueError(
                "Argument `images` must be a batch (N, height, width, channels). Received: "
                f"shape={tuple(images.shape)}"
            )
        check_dtype(images.dtype, "images")
        if self.mixes:
            check_mixing(images, labels)

    def __repr__(self):
        return f"OnDevice({self.transforms})"
