"""Transforms applied to an image, to each image of a batch, and to a batch at once."""

import itertools

from kerasrecipes._backend.tensorflow_module import tf
from kerasrecipes.augment import autograph, draws, functional
from kerasrecipes.augment.forms import has_form_of_all


def on_image(head, finish):
    """Return a function of (image, label, index, seeds) that transforms one image.

    Args:
        head: list of transforms that work on an image at a time.
        finish: function of the transformed image.
    """

    def transform_image(image, label, index, seeds):
        image = finish(_transformed(head, image, seeds[1:]))
        if label.dtype.is_integer and label.shape == (1,):
            label = tf.reshape(label, [])
        return image, label, index, seeds[0]

    return transform_image


def as_dtype(dtype):
    """Return a function that gives images as "uint8", rounded, or "float32"; `None` leaves them."""

    def convert(images):
        if dtype is None or images.dtype == dtype:
            return images
        return functional.restore_dtype(images, dtype)

    return convert


def on_each(head, images, seeds):
    """Return the images of a batch, each transformed as `on_image` does.

    Args:
        head: list of transforms that work on an image at a time, and give all one size.
        images: (N, H, W, C).
        seeds: (N, number of transforms, 2).
    """
    place = 0
    for at_once, run in itertools.groupby(head, _is_at_once):
        run = list(run)
        own = seeds[:, place : place + len(run)]
        place += len(run)
        if not at_once:
            images = _mapped(run, images, own)
            continue
        for number, transform in enumerate(run):
            images = transform.of_batch(images, own[:, number])
    return images


def _is_at_once(transform):
    return has_form_of_all(transform, "of_batch", ["__call__"])


def _mapped(run, images, seeds):
    """Return the images of a batch, each transformed on its own."""
    arguments = [tf.TensorSpec(values.shape[1:], values.dtype) for values in (images, seeds)]
    transform = tf.function(
        lambda image, seeds: _transformed(run, image, seeds), autograph=autograph.is_needed(run)
    )
    output = transform.get_concrete_function(*arguments).structured_outputs
    spec = tf.TensorSpec(output.shape, output.dtype)
    return tf.map_fn(lambda pair: transform(*pair), (images, seeds), fn_output_signature=spec)


def reading_each(element, change, threads, convert):
    """Return a function of (indices, seeds) that reads a batch, each image on a thread of its own.

    Images go into the batch as they come, in parallel. `None` where their size is not known
    before, since a batch must be laid out then.

    Args:
        element: function of an index that returns an image and its label.
        change: what `on_image` returns, or one that ends as it does.
        threads: int, how many images at once.
        convert: bool, whether AutoGraph reads `change`.
    """

    def read_one(index, seeds):
        return change(*element(index), index, seeds)[:2]

    read_one = tf.function(read_one, autograph=convert)
    arguments = [tf.TensorSpec([], tf.int64), tf.TensorSpec([None, 2], tf.int64)]
    outputs = read_one.get_concrete_function(*arguments).structured_outputs
    if not all(output.shape.is_fully_defined() for output in outputs):
        return None
    specs = tuple(tf.TensorSpec(output.shape, output.dtype) for output in outputs)

    def read_all(indices, seeds):
        return tf.map_fn(
            lambda pair: tuple(read_one(*pair)),
            (indices, seeds),
            fn_output_signature=specs,
            parallel_iterations=threads,
        )

    return read_all


def on_batch(tail, first, finish, num_classes, jit_compile, seeds_of, weights=None):
    """Return a function of (images, labels, indices, origin) that transforms a batch.

    Args:
        tail: list of transforms that work on a batch.
        first: int, the place of the first of them in the list of all transforms.
        finish: function of the transformed images.
        num_classes: int to make labels one-hot, or `None`.
        jit_compile: bool. A new iterator compiles again: worth it for training, which has one,
            not for evaluation.
        weights: float tensor of the weight of each image of the source, to be given with the batch,
            or `None`.
        seeds_of: function of `origin` that returns the seeds of the images, (N, 2).
    """
    parts = []
    for place, transform in enumerate(tail):
        if place == 0 or getattr(tail[place - 1], "compiled_alone", False):
            parts.append([])
        parts[-1].append((first + place, transform))
    parts = [_part(part, jit_compile, seeds_of) for part in parts]

    def transform_batch(images, labels, indices, origin):
        if num_classes is not None:
            labels = _one_hot(labels, indices, num_classes)
        for part in parts:
            images, labels = part(images, labels, origin)
        images = finish(images)
        if weights is None:
            return images, labels
        return images, labels, tf.gather(weights, indices)

    return transform_batch


def _transformed(head, image, seeds):
    for place, transform in enumerate(head):
        image = transform(image, seeds[place])
    return image


def _part(part, jit_compile, seeds_of):
    @tf.function(
        jit_compile=jit_compile, autograph=autograph.is_needed(transform for _, transform in part)
    )
    def transform_all(values, origin):
        seeds = seeds_of(origin)
        for place, transform in part:
            own = draws.fold(seeds, place)
            if transform.takes_labels:
                values = transform(*values, own)
            else:
                values = (transform(values[0], own), *values[1:])
        return values

    # Labels only if they change: with a second result XLA's pad-crop takes three times as long.
    if any(transform.takes_labels for _, transform in part):
        return lambda images, labels, origin: transform_all((images, labels), origin)
    return lambda images, labels, origin: (*transform_all((images,), origin), labels)


def _one_hot(labels, indices, num_classes):
    wrong = tf.where((labels < 0) | (labels >= tf.cast(num_classes, labels.dtype)))[:, 0]
    message = [
        f"Argument `num_classes` is {num_classes}, but labels must be in 0..{num_classes - 1}."
        " Received: labels",
        tf.gather(labels, wrong),
        "of the images",
        tf.gather(indices, wrong),
    ]
    with tf.control_dependencies([tf.debugging.Assert(tf.size(wrong) == 0, message)]):
        return tf.one_hot(labels, num_classes)
