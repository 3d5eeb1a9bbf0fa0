"""What a pipeline reads: a source by index, or a `tf.data.Dataset` from its start."""

import dataclasses
from collections.abc import Callable
from typing import Any

from kerasrecipes._backend.tensorflow_module import tf
from kerasrecipes.augment.pixel_values import PEEK, check_dtype
from kerasrecipes.augment.python_source import python_element


@dataclasses.dataclass(frozen=True)
class Source:
    """Images and labels by index, `element`, or in one order, `stream`; the other is `None`.

    Attributes:
        size: int, -1 if it is not known and -2 without end, as `tf.data` has it.
        spec: pair of `tf.TensorSpec` of the image and the label.
        element: function of an int64 scalar tensor that returns the pair, traceable.
        stream: `tf.data.Dataset` of pairs.
        batch: `element` for an int64 vector, where images have one size and are in memory.
    """

    size: int
    spec: tuple
    element: Callable | None = None
    stream: Any = None
    batch: Callable | None = None

    def first_images(self, first):
        """The images looked at before the first step, from the index `first` on."""
        if self.element is None:
            return [image for image, _ in self.stream.take(PEEK)]
        indices = range(first, min(first + PEEK, self.size))
        return [self.element(tf.constant(index, tf.int64))[0] for index in indices]


def as_source(dataset):
    """Return the `Source` of what a user gave as `dataset`, or raise in one line."""
    if not hasattr(dataset, "__getitem__") and callable(getattr(dataset, "dataset", None)):
        dataset = dataset.dataset()  # a stream, as `data.load` gives it for TensorFlow Datasets
    if isinstance(dataset, tf.data.Dataset):
        size, spec = int(dataset.cardinality()), dataset.element_spec
        _check_pair(spec)
        return Source(size, spec, stream=dataset)
    if not (hasattr(dataset, "__len__") and hasattr(dataset, "__getitem__")):
        raise TypeError(
            "Argument `dataset` must be a `tf.data.Dataset`, or a source of pairs (image, label) "
            "with `__len__` and `__getitem__`. Received: an object of type "
            f"{type(dataset).__name__}"
        )
    if hasattr(dataset, "element") and hasattr(dataset, "element_spec"):
        spec, element = dataset.element_spec, dataset.element
    else:
        spec, element = python_element(dataset)
    _check_pair(spec)
    batch = element if getattr(dataset, "in_memory", False) else None
    return Source(len(dataset), spec, element=element, batch=batch)


def _check_pair(spec):
    """Raise unless the elements are pairs of an image, or its bytes, and a label."""
    if not isinstance(spec, tuple) or len(spec) != 2:
        raise ValueError(
            f"Argument `dataset` must give pairs (image, label). Received: {_in_words(spec)}"
        )
    image, label = spec
    if not isinstance(image, tf.TensorSpec) or not isinstance(label, tf.TensorSpec):
        raise ValueError(
            "Argument `dataset` must give pairs (image, label) of one tensor each. Received: "
            f"{_in_words(spec)}"
        )
    if image.dtype != tf.string:
        check_dtype(image.dtype, "dataset")
    rank = 0 if image.dtype == tf.string else 3
    if image.shape.rank not in (None, rank):
        advice = "; `dataset.unbatch()` gives single images" if image.shape.rank == rank + 1 else ""
        raise ValueError(
            "Argument `dataset` must give single images (height, width, channels), or the bytes "
            f"of one, a scalar string{advice}. Received: images of shape {image.shape}, "
            f"dtype {image.dtype.name}"
        )


def _in_words(spec):
    if isinstance(spec, dict):
        keys = ", ".join(map(repr, spec))
        return f"dicts with the keys {keys}; `dataset.map(lambda d: (d[...], d[...]))` makes pairs"
    if isinstance(spec, (tuple, list)):
        return f"tuples of {len(spec)}" if len(spec) != 2 else f"{spec}"
    return f"images without labels ({spec})" if isinstance(spec, tf.TensorSpec) else f"{spec}"
