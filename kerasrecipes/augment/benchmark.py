"""How fast an input pipeline is, stage by stage, and what holds it back."""

import dataclasses
import itertools
import time
from typing import Any

from kerasrecipes._validation import check_integer


@dataclasses.dataclass(frozen=True)
class Report:
    """What `benchmark` measured; prints as a table.

    Attributes:
        seconds: wall-clock seconds an image that each stage adds, by name, in order.
        images_per_second: of the whole pipeline.
        slowest: name of the stage that takes most.
        step_images_per_second: of the training step, or `None`.
    """

    seconds: dict
    images_per_second: float
    slowest: str
    step_images_per_second: float | None = None

    @property
    def limit(self) -> Any:
        """Return "input" or "step", whichever is slower, or `None` if no step was measured."""
        if self.step_images_per_second is None:
            return None
        return "input" if self.images_per_second < self.step_images_per_second else "step"

    def __str__(self):
        total = sum(self.seconds.values())
        lines = [f"{'stage':<20} {'images/s':>10} {'share':>6}"]
        for name, seconds in self.seconds.items():
            mark = "  <- slowest" if name == self.slowest else ""
            lines.append(f"{name:<20} {1 / seconds:>10,.0f} {seconds / total:>6.0%}{mark}")
        lines.append(f"{'whole':<20} {self.images_per_second:>10,.0f} {1:>6.0%}")
        if self.limit:
            lines.append(f"{'training step':<20} {self.step_images_per_second:>10,.0f}")
            lines.append(f"The {self.limit} is the limit.")
        return "\n".join(lines)


def benchmark(batches: Any, images: int = 512, step: Any = None) -> Report:
    """Measure a pipeline: images a second of each stage and of the whole.

    The pipeline is run up to each stage in turn; a stage costs what it adds.

    Args:
        batches: what `augment.pipeline` returned.
        images: int >= 1, how many images to run for each stage.
        step: function of (images, labels), such as `model.train_on_batch`; measured too, to say
            whether the input or the step is the limit.

    Returns:
        A `Report`.

    Raises:
        TypeError: `batches` does not come from `augment.pipeline` itself.

    Example:

    >>> import numpy as np
    >>> import tensorflow as tf
    >>> from kerasrecipes import augment
    >>> dataset = tf.data.Dataset.from_tensor_slices((np.zeros((8, 9, 9, 3), "uint8"), range(8)))
    >>> batches = augment.pipeline(dataset, [augment.RandomFlip()], 4, training=True)
    >>> list(augment.benchmark(batches, images=16).seconds)
    ['read', 'batch', 'RandomFlip']
    """
    check_integer("images", images, "[1, inf)")
    if not hasattr(batches, "stages"):
        raise TypeError(
            "Argument `batches` must be what `augment.pipeline` returned, before any other "
            f"`tf.data` method. Received: batches={batches}"
        )
    until = [
        _seconds_an_image(build(), of_batches, images) for _, build, of_batches in batches.stages
    ]
    seconds, before = {}, 0.0
    for number, ((name, _, _), total) in enumerate(zip(batches.stages, until)):
        name = name if name not in seconds else f"{name} {number}"
        seconds[name] = max(total - before, 1e-9)
        before = max(before, total)
    rate = None if step is None else 1 / _step_seconds(batches, step)
    slowest = max(seconds, key=seconds.get)
    return Report(seconds, 1 / until[-1], slowest, rate)


def _seconds_an_image(dataset, of_batches, images):
    stream = iter(dataset.repeat())
    next(stream)
    start, done = time.perf_counter(), 0
    while done < images:
        element = next(stream)
        done += len(element[1]) if of_batches else 1
    return (time.perf_counter() - start) / done


def _step_seconds(batches, step, rounds=5):
    images, labels = next(iter(batches))
    step(images, labels)
    start = time.perf_counter()
    for _ in itertools.repeat(None, rounds):
        step(images, labels)
    return (time.perf_counter() - start) / rounds / len(images)
