"""From a dataset of images to batches: order, draws, threads."""

import os
import warnings

import tensorflow as tf

from kerasrecipes._validation import check_boolean, check_integer
from kerasrecipes.augment import draws
from kerasrecipes.augment.order import from_elements, from_stream, make_plan
from kerasrecipes.augment.stages import split_stages

_BUFFER = 10_000


def pipeline(
    dataset,
    transforms,
    batch_size,
    training,
    seed=0,
    shuffle=None,
    start_step=0,
    drop_remainder=False,
    num_classes=None,
    threads=None,
    shard=(0, 1),
):
    """Return batches of transformed images and their labels as a `tf.data.Dataset`.

    Training is ENDLESS: one pass after another, each in its own order and with its own draws. A
    pass ends with a smaller batch, or with `drop_remainder` without it (other images are left out
    in each pass), so that `steps_per_epoch=batches.steps_per_pass` makes an epoch of `fit` one
    pass. Testing is one pass in order.

    Every draw is a function of (seed, pass, index of the image) alone: batches are the same for
    any number of threads, in any process, and `start_step=k` gives what an uninterrupted run
    gives from its step k on.

    Args:
        dataset: `tf.data.Dataset` of (image or encoded bytes, integer label), of known size. When
            it has an attribute `element`, a function of an index that gives (image, label), as
            the datasets of `kerasrecipes.data` do, the order of a pass is a permutation of
            all indices, and nothing before `start_step` is read. Without it the dataset is read
            from its start in each pass, shuffled in a buffer, and skipped before decoding.
        transforms: sequence of transforms, applied in order. Without one that takes bytes
            at its head, encoded images are decoded to RGB.
        batch_size: integer in [1, inf).
        training: boolean.
        seed: integer.
        shuffle: `None` is `training`; a boolean; or the size of the buffer, an integer in
            [1, inf), for a dataset without `element` (10,000 if not given).
        start_step: integer in [0, inf), the first batch given.
        drop_remainder: boolean, leave out a last batch that is smaller.
        num_classes: integer in [1, inf); makes the labels one-hot float32, as `MixUp` and
            `CutMix` need them.
        threads: integer in [1, inf); `None` is the number of processors.
        shard: pair (index, count), for one of `count` replicas that each build a pipeline: each
            takes every count-th image of the one common order, so that no two see the same
            image or draw in a pass. In training it needs `drop_remainder`, for equal steps.
            Shard here, not the dataset: draws follow the index of the image.

    Returns:
        A `tf.data.Dataset` of (images, labels) with an attribute `steps_per_pass`; `benchmark`
        says how fast it is.

    Raises:
        ValueError: an argument outside its range, or a dataset whose size is not known.

    Example:

    >>> import numpy as np
    >>> import tensorflow as tf
    >>> from kerasrecipes import augment
    >>> images, labels = np.zeros((10, 40, 30, 3), "uint8"), np.arange(10)
    >>> dataset = tf.data.Dataset.from_tensor_slices((images, labels))
    >>> transforms = [augment.RandomScaleCrop(24), augment.Normalize(127.5, 127.5)]
    >>> batches = augment.pipeline(dataset, transforms, batch_size=4, training=True)
    >>> batches.steps_per_pass
    3
    >>> [batch.shape[0] for batch, _ in batches.take(4)]
    [4, 4, 2, 4]
    """
    _check_counts(batch_size, num_classes, threads)
    _check_order(training, seed, shuffle, start_step, drop_remainder, shard)
    threads = threads or os.cpu_count()
    plan = make_plan(dataset, batch_size, training, start_step, drop_remainder, tuple(shard))
    head, tail = split_stages(dataset, transforms)
    if hasattr(dataset, "element") and shuffle is not None and not isinstance(shuffle, bool):
        warnings.warn(
            "`shuffle` is no buffer for data read by index: all of it is shuffled", stacklevel=2
        )
    shuffle = training if shuffle is None else shuffle

    def one_by_one(count=None):
        stages = (_seeds_of(head, seed), _with_head(head[:count]), threads)
        if hasattr(dataset, "element"):
            return from_elements(dataset.element, plan, seed, bool(shuffle), *stages)
        buffer = _BUFFER if shuffle is True else int(shuffle)
        return from_stream(dataset, plan, seed, buffer, *stages)

    def batched(count=None):
        change = _with_tail(tail[:count], len(head), num_classes, jit_compile=training)
        batches = plan.batch(one_by_one()).map(change, num_parallel_calls=threads)
        return batches.prefetch(2).with_options(_options(threads))

    batches = batched()
    batches.steps_per_pass = plan.steps if plan.images >= 0 else None
    batches.stages = _stages(head, tail, one_by_one, batched, _options(threads))
    return batches


def _stages(head, tail, one_by_one, batched, options):
    """Return (name, dataset up to this stage, whether of batches), as `benchmark` reads them."""
    stages = [("read", lambda: one_by_one(0).with_options(options), False)]
    for count, transform in enumerate(head, start=1):
        build = lambda count=count: one_by_one(count).with_options(options)  # noqa: E731
        stages.append((_name(transform), build, False))
    stages.append(("batch", lambda: batched(0), True))
    for count, transform in enumerate(tail, start=1):
        stages.append((_name(transform), lambda count=count: batched(count), True))
    return stages


def _name(transform):
    return getattr(transform, "__name__", type(transform).__name__)


def _seeds_of(head, seed):
    def image_seeds(number, indices):
        """Return a seed of each image, and of each transform of it: (N, 1 + transforms, 2)."""
        own = draws.fold(draws.fold(seed, number), indices)
        return tf.stack([own, *(draws.fold(own, place) for place in range(len(head)))], axis=1)

    return image_seeds


def _with_head(head):
    def transform_one(seeds, image, label):
        for place, transform in enumerate(head, start=1):
            image = transform(image, seeds[place])
        return image, label, seeds[0]

    return transform_one


def _with_tail(tail, first, num_classes, jit_compile):
    # A new iterator compiles anew: worth it for training, which has one, not for evaluation.
    @tf.function(jit_compile=jit_compile)
    def transform_batch(images, labels, seeds):
        for position, transform in enumerate(tail, start=first):
            batch_seeds = draws.fold(seeds, position)
            if transform.takes_labels:
                images, labels = transform(images, labels, batch_seeds)
            else:
                images = transform(images, batch_seeds)
        return images, labels

    def finish(images, labels, seeds):
        if num_classes is not None:
            labels = tf.one_hot(labels, num_classes)
        return transform_batch(images, labels, seeds) if tail else (images, labels)

    return finish


def _options(threads):
    options = tf.data.Options()
    options.autotune.enabled = False
    options.deterministic = True
    options.threading.private_threadpool_size = threads
    options.threading.max_intra_op_parallelism = 1
    return options


def _check_counts(batch_size, num_classes, threads):
    check_integer("batch_size", batch_size, "[1, inf)")
    if num_classes is not None:
        check_integer("num_classes", num_classes, "[1, inf)")
    if threads is not None:
        check_integer("threads", threads, "[1, inf)")


def _check_order(training, seed, shuffle, start_step, drop_remainder, shard):
    check_boolean("training", training)
    check_integer("seed", seed, "(-inf, inf)")
    if shuffle is not None and not isinstance(shuffle, bool):
        check_integer("shuffle", shuffle, "[1, inf)")
    if shuffle and not training:
        raise ValueError(f"Argument `shuffle` is for training. Received: shuffle={shuffle}")
    check_integer("start_step", start_step, "[0, inf)")
    check_boolean("drop_remainder", drop_remainder)
    if not isinstance(shard, (tuple, list)) or len(shard) != 2:
        raise TypeError(f"Argument `shard` must be a pair (index, count). Received: shard={shard}")
    check_integer("shard", shard[1], "[1, inf)")
    check_integer("shard", shard[0], f"[0, {shard[1]})")
    if training and shard[1] > 1 and not drop_remainder:
        raise ValueError(f"Argument `shard` needs `drop_remainder`. Received: shard={shard}")
