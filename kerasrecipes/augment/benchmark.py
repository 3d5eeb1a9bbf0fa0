"""How fast an input pipeline is, stage by stage, and what holds it back."""

import dataclasses
import itertools
import time
from typing import Any

from kerasrecipes._validation import check_integer, check_number

_TOGETHER = 16  # images that a stage before batching is timed for at once


@dataclasses.dataclass(frozen=True)
class Report:
    """What `benchmark` measured; prints as a table.

    Attributes:
        seconds: wall-clock seconds an image that each stage adds, by name, in order; 0 for nothing
            that can be measured.
        images_per_second: float, of the whole pipeline.
        slowest: str, name of the stage that takes most.
        step_images_per_second: float, of the training step, or `None`.
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
            rate = f"{1 / seconds:,.0f}" if seconds else "-"  # nothing that can be measured
            lines.append(f"{name:<20} {rate:>10} {seconds / total:>6.0%}{mark}")
        lines.append(f"{'whole':<20} {self.images_per_second:>10,.0f} {1:>6.0%}")
        if self.limit:
            lines.append(f"{'training step':<20} {self.step_images_per_second:>10,.0f}")
            lines.append(f"The {self.limit} is the limit.")
        return "\n".join(lines)


def benchmark(batches: Any, images: int = 512, step: Any = None, seconds: float = 1.0) -> Report:
    """Measure a pipeline: images a second of each stage and of the whole.

    The pipeline is run up to each stage in turn; a stage costs what it adds to the one before,
    0 if that is nothing. Each run is timed in its steady state: after what its buffers held, and
    without the batches for which XLA compiled.

    Args:
        batches: what `augment.pipeline` returned.
        images: int >= 1, the fewest images to time each stage for. Defaults to 512.
        step: function of (images, labels), such as `model.train_on_batch`; measured too, to say
            whether the input or the step is the limit. Defaults to `None`.
        seconds: float > 0, the shortest time to time each stage for. Defaults to 1.

    Returns:
        A `Report`.

    Raises:
        ValueError: an argument outside its range.
        TypeError: `batches` does not come from `augment.pipeline` itself.

    Example:

    >>> import numpy as np
    >>> import tensorflow as tf
    >>> from kerasrecipes import augment
    >>> dataset = tf.data.Dataset.from_tensor_slices((np.zeros((8, 9, 9, 3), "uint8"), range(8)))
    >>> batches = augment.pipeline(dataset, [augment.RandomFlip()], 4, training=True)
    >>> list(augment.benchmark(batches, images=16, seconds=0.01).seconds)
    ['read', 'batch', 'RandomFlip']
    """
    check_integer("images", images, "[1, inf)")
    check_number("seconds", seconds, "(0, inf)")
    if not hasattr(batches, "stages"):
        raise TypeError(
            "Argument `batches` must be what `augment.pipeline` returned, before any other "
            f"`tf.data` method. Received: batches={batches}"
        )
    added, slowest_until, until = {}, 0.0, 0.0
    for number, (name, build, of_batches) in enumerate(batches.stages):
        sizes = _sizes(build(), of_batches)
        until = _seconds_an_image(sizes, images, seconds, batches.buffered)
        added[name if name not in added else f"{name} {number}"] = max(until - slowest_until, 0.0)
        slowest_until = max(slowest_until, until)
    rate = None if step is None else 1 / _step_seconds(batches, step)
    return Report(added, 1 / until, max(added, key=added.get), rate)


def _sizes(dataset, of_batches):
    """Yield the number of images of each element, without end."""
    dataset = dataset.repeat()
    if not of_batches:  # several at once: Python takes as long for an element as some stages
        dataset = dataset.map(lambda image, label, *_: (0, label)).batch(_TOGETHER)
    for _, labels in dataset:
        yield len(labels)


def _seconds_an_image(sizes, images, seconds, buffered):
    seen, done, taken, filled = set(), 0, 0.0, 0
    while done < images or taken < seconds:
        size = next(sizes)
        if size not in seen:  # compiled for, while the buffers filled
            seen.add(size)
            filled = buffered + 1
        if filled > 0:
            filled, done, start = filled - 1, 0, time.perf_counter()
        else:
            done += size
        taken = time.perf_counter() - start
    return taken / done


def _step_seconds(batches, step, rounds=5):
    images, labels = next(iter(batches))
    step(images, labels)
    start = time.perf_counter()
    for _ in itertools.repeat(None, rounds):
        step(images, labels)
    return (time.perf_counter() - start) / rounds / len(images)
