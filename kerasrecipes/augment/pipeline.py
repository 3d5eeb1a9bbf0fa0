"""From images to batches: read, decode, transform, batch."""

import functools
import os
from collections.abc import Sequence
from typing import Any

from kerasrecipes._backend.requirement import has_tensorflow, require_tensorflow
from kerasrecipes._backend.tensorflow_module import tf
from kerasrecipes._warning import warn
from kerasrecipes.augment import autograph
from kerasrecipes.augment.applying import as_dtype, on_batch, on_image
from kerasrecipes.augment.batch_arguments import (
    check_counts,
    check_place,
    warn_of_single_images,
    weights_of,
)
from kerasrecipes.augment.device_batches import device_batches
from kerasrecipes.augment.iterators_at_exit import end_before_exit
from kerasrecipes.augment.on_device import OnDevice
from kerasrecipes.augment.order import make_plan
from kerasrecipes.augment.pixel_values import check_order, check_output, warn_of_unit_range
from kerasrecipes.augment.reading import batch_reader, buffer_size, read, read_batches
from kerasrecipes.augment.served_batches import check_service
from kerasrecipes.augment.source import as_source
from kerasrecipes.augment.stages import checked, split_stages


def pipeline(
    dataset: Any,
    transforms: Sequence[Any],
    batch_size: int,
    training: bool,
    seed: int = 0,
    shuffle: Any = None,
    start_step: int = 0,
    drop_remainder: bool = False,
    num_classes: int | None = None,
    threads: int | None = None,
    shard: tuple[int, int] = (0, 1),
    weighted: bool | None = None,
    dtype: str | None = None,
    service: str | None = None,
) -> Any:
    """Return batches of transformed images and their labels as a `tf.data.Dataset`.

    Training batches never end: one epoch follows another, each in its own order and with its own
    draws. So `fit` needs `steps_per_epoch=batches.steps_per_pass`, the number of batches of an
    epoch. The last batch of an epoch may be smaller; `drop_remainder` leaves it out, with other
    images in each epoch. Testing is one epoch in order.

    Without TensorFlow, arrays of `data.load` are transformed by the forms of `OnDevice`: a
    `keras.utils.PyDataset` of the same batches to the rounding of floats. It iterates, and has
    `steps_per_pass`, `element_spec`, `as_numpy_iterator`, `map`, `take` (an iterator, which gives
    its batches once) and, for batches of a test, `concatenate`.

    Every draw is a function of (seed, epoch, index of the image) alone: batches are the same for
    any number of threads, in any process, and `start_step=k` gives what an uninterrupted run
    gives from its step k on.

    Args:
        dataset: a source of pairs (image or encoded bytes, label) with `__len__` and
            `__getitem__`: a set of `data.load`, a PyTorch `Dataset`, a list. Each epoch is a
            permutation of all of it, and nothing before `start_step` is read. Arrays given to
            `data.load` are read and transformed a whole batch at once, the same batches. Or a
            `tf.data.Dataset` of such pairs, of known size, which is read from its start in each
            epoch, shuffled in a buffer, and skipped before decoding. Images are (H, W, C),
            channels last, of any size; labels are integers, or what the loss takes.
        transforms: sequence of transforms, applied in order. Without one that takes bytes
            at its head, encoded images are decoded to RGB.
        batch_size: int >= 1.
        training: bool.
        seed: int. Defaults to 0.
        shuffle: bool; `None` (default) is `training`; or the size of the buffer for a
            `tf.data.Dataset`, int >= 1. `True` is 10,000; a larger dataset is then shuffled in
            part only, with a warning.
        start_step: int >= 0, the first batch given. Defaults to 0.
        drop_remainder: bool, leave out a last batch that is smaller. Defaults to `False`.
        num_classes: int >= 1; makes integer labels one-hot float32, as `MixUp` and `CutMix`
            need them. A label outside [0, num_classes) is an error that names it.
            Defaults to `None`: labels stay.
        threads: int >= 1; `None` (default) is the number of processors.
        shard: pair (index, shard_count), for one of `shard_count` replicas that each build a
            pipeline: it keeps every `shard_count`-th image of the one common order, so that no
            two see the same image or draw in an epoch. In training it needs `drop_remainder`,
            for equal steps. Shard here, not the dataset: draws follow the index of the image.
            `MixUp` and `CutMix` mix the images of a batch, so those of one shard: each with the
            image `shard_count` places before it. Defaults to (0, 1), the whole.
        weighted: bool, whether batches are (images, labels, weights) where images have weights, as
            those of a table with a column `sample_weight`; `None` (default) is `training`. With
            `MixUp` or `CutMix` an image keeps its own weight.
        dtype: "uint8" rounds pixels and limits them to 0..255: a quarter of the bytes to make and
            to copy to a GPU, for a model that begins with `layers.PixelScaling` in place of
            `Normalize`. "float32" converts them; `None` (default) leaves them as the transforms
            return them.
        service: str, address of the dispatcher of a `tf.data` service, as "grpc://host:5000", whose
            workers make the training batches; the same batches in the same order. They need the
            files under the same paths: image files or shards, of one size after the transforms,
            without a part that is Python. `threads` is that of each worker. Batches of a worker
            that dies are made here; without any worker, training waits. `None` (default): all is
            made here.

    Returns:
        A `tf.data.Dataset` of (images, labels), or (images, labels, weights). Its attribute
        `steps_per_pass` (`None` for a size that is not known) and `benchmark` need this object
        itself: the methods of `tf.data`, such as `map`, return another without it.

    Raises:
        ValueError: an argument outside its range, or a dataset of unknown size, of batches, or
            of anything but pairs.
        TypeError: an argument of the wrong type.
        ImportError: encoded images, images of several sizes, or a transform without a form for
            arrays, where TensorFlow is not installed.

    Example:

    >>> import numpy as np
    >>> from kerasrecipes import augment
    >>> source = [(np.zeros((40, 30 + label, 3), "uint8"), label) for label in range(10)]
    >>> transforms = [augment.RandomScaleCrop(24), augment.Normalize(127.5, 127.5)]
    >>> batches = augment.pipeline(source, transforms, batch_size=4, training=True)
    >>> batches.steps_per_pass
    3
    >>> [batch.shape[0] for batch, _ in batches.take(4)]
    [4, 4, 2, 4]
    """
    check_counts(batch_size, num_classes, threads)
    check_place(training, seed, shuffle, start_step, drop_remainder, shard)
    check_output(dtype, transforms := checked(transforms))
    check_service(service, training)
    if not has_tensorflow():
        _check_without_tensorflow(transforms, service, threads)
        return device_batches(
            OnDevice(transforms), dataset, batch_size, training, seed, shuffle, start_step,
            drop_remainder, num_classes, shard, weighted, resident=False, dtype=dtype,
        )  # fmt: skip
    warn_of_single_images(batch_size, transforms)
    end_before_exit()
    threads, source = threads or os.cpu_count(), as_source(dataset)
    head, tail = split_stages(source.spec[0], transforms)
    convert = autograph.is_needed([*head, *tail])
    check_order([*head, *tail])
    _check_labels(source.spec[1], num_classes)
    plan = make_plan(
        source.size, batch_size, training, start_step, drop_remainder, tuple(shard), seed, len(head)
    )
    buffer = buffer_size(source, shuffle, training, start_step)
    weights = _on_host(weights_of(dataset, training, weighted))
    place = plan.first % max(plan.used, 1)
    warn_of_unit_range(source.spec[0].dtype, lambda: source.first_images(place), [*head, *tail])

    early = all(getattr(transform, "moves_pixels", False) for transform in tail)
    finish_image, finish = (as_dtype(dtype if now else None) for now in (early, not early))

    def images(count):
        done = finish_image if count in (None, len(head)) else as_dtype(None)
        stream = read(source, plan, buffer, on_image(head[:count], done), threads, convert)
        return stream.with_options(_options(threads))

    def batched(heads=None, tails=None, service=None):
        options = {"jit_compile": training, "num_classes": num_classes, "weights": weights}
        change = functools.partial(on_batch, tail[:tails], len(head), finish, **options)
        reader = batch_reader(source, head[:heads], finish_image, threads, convert)
        if service is not None:
            _check_served(service, source, reader)
        if reader is not None:
            change = change(seeds_of=plan.image_seeds)
            batches = read_batches(reader, plan, buffer > 0, change, convert, service)
        else:
            change = autograph.applied(change(seeds_of=lambda seeds: seeds), convert)
            batches = plan.batch(images(heads)).map(change, num_parallel_calls=threads)
        if training:
            endless = tf.data.experimental.assert_cardinality(tf.data.INFINITE_CARDINALITY)
            batches = batches.apply(endless)
        return batches.prefetch(2).with_options(_options(threads))

    batches = batched(service=service)
    batches.source = dataset  # by which `callbacks.Resume` tells other images
    batches.steps_per_pass = plan.steps if plan.images >= 0 else None
    batches.stages = _stages(head, tail, None if source.batch else images, batched)
    batches.buffered = threads + 2
    return batches


def _check_served(service, source, reader):
    """Raise if workers cannot read single images, or their batches would not be of one shape."""
    if reader is None or source.batch is not None:
        raise ValueError(
            "Argument `service` needs image files or shards, read by index, and of one size "
            f"after the transforms. Received: service={service!r}, images {source.spec[0]}"
        )


def _check_without_tensorflow(transforms, service, threads):
    """Raise an `ImportError` that names the extra, where a transform or workers need TensorFlow."""
    for transform in transforms:
        if not getattr(transform, "has_device_form", False):
            require_tensorflow(f"Transforms such as `{_name(transform)}`")
    if service is not None:
        require_tensorflow("Workers of a `tf.data` service")
    if threads is not None:
        warn(f"Argument `threads` has no effect without TensorFlow. Received: threads={threads}")


def _stages(head, tail, images, batched):
    """Return (name, dataset up to this stage, whether of batches), as `benchmark` reads them."""
    by_image = images is not None
    up_to = images or (lambda count: batched(count, 0))
    names = ["read", *map(_name, head)]
    stages = [(name, lambda n=n: up_to(n), not by_image) for n, name in enumerate(names)]
    if by_image:
        stages.append(("batch", lambda: batched(tails=0), True))
    for count, transform in enumerate(tail, start=1):
        stages.append((_name(transform), lambda count=count: batched(tails=count), True))
    return stages


def _on_host(weights):
    """The array as a tensor of no graph, or `None`."""
    if weights is None:
        return None
    with tf.init_scope(), tf.device("CPU:0"):
        return tf.convert_to_tensor(weights)


def _name(transform):
    return getattr(transform, "__name__", type(transform).__name__)


def _options(threads):
    options = tf.data.Options()
    options.autotune.enabled = False
    options.deterministic = True
    options.threading.private_threadpool_size = threads
    options.threading.max_intra_op_parallelism = 1
    return options


def _check_labels(spec, num_classes):
    """Raise where labels cannot be made one-hot: they are so already, or no integers."""
    if num_classes is None or (spec.dtype.is_integer and spec.shape.as_list() in ([], [1])):
        return
    raise ValueError(
        "Argument `num_classes` makes integer labels one-hot: leave it out where `dataset` has "
        f"one-hot labels. Received: num_classes={num_classes}, labels of shape {spec.shape}, "
        f"dtype {spec.dtype.name}"
    )
