"""Transforms applied to an image, to each image of a batch, and to a batch at once."""

from kerasrecipes._backend.tensorflow_module import tf
from kerasrecipes.augment import autograph, draws


def on_image(head):
    """Return a function of (image, label, index, seeds) that transforms one image."""

    def transform_image(image, label, index, seeds):
        image = _transformed(head, image, seeds[1:])
        if label.dtype.is_integer and label.shape == (1,):
            label = tf.reshape(label, [])
        return image, label, index, seeds[0]

    return transform_image


def on_each(head, images, seeds):
    """Return the images of a batch, each transformed as `on_image` does.

    Args:
        head: list of transforms that work on an image at a time, and give all one size.
        images: (N, H, W, C).
        seeds: (N, number of transforms, 2).
    """
    if not head:
        return images
    arguments = [tf.TensorSpec(values.shape[1:], values.dtype) for values in (images, seeds)]
    transform = tf.function(
        lambda image, seeds: _transformed(head, image, seeds), autograph=autograph.is_needed(head)
    )
    output = transform.get_concrete_function(*arguments).structured_outputs
    spec = tf.TensorSpec(output.shape, output.dtype)
    return tf.map_fn(lambda pair: transform(*pair), (images, seeds), fn_output_signature=spec)


def on_batch(tail, first, num_classes, jit_compile, seeds_of, weights=None):
    """Return a function of (images, labels, indices, origin) that transforms a batch.

    Args:
        tail: list of transforms that work on a batch.
        first: int, the place of the first of them in the list of all transforms.
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
