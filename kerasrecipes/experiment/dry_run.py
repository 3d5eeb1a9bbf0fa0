"""`--dry-run`: what a training would do and how long it would take, from its first steps."""

import math
import time
from typing import Any

import keras

from kerasrecipes._backend.accelerator import accelerator
from kerasrecipes.experiment.progress import clock
from kerasrecipes.experiment.stateless import Stateless
from kerasrecipes.flags import DryRunEnded
from kerasrecipes.models import multiply_adds

FEWEST_STEPS, MOST_STEPS = 5, 50
SECONDS = 5.0


class DryRun(Stateless):
    """Times some steps of `fit` and ends it with what the whole training would be.

    The first step, which compiles, is timed apart; then steps are timed for five seconds, from 5 to
    50 of them, or to the end of the epoch.

    Args:
        images: `data.ImageData`.
        batch_size: int, images of a step.

    Raises:
        DryRunEnded: always, in `fit`.
    """

    def __init__(self, images: Any, batch_size: int) -> None:
        super().__init__()
        self._images, self._batch_size = images, batch_size

    def _begin(self):
        self._network = network_line(self.model)
        self._compiled = self._start = None
        self._begun = time.perf_counter()

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        for value in list((logs or {}).values())[:1]:
            float(value)  # waits for the step
        now = time.perf_counter()
        if self._start is None:
            self._start, self._compiled, self._first = now, now - self._begun, batch
            self._now = now
            self._steps = 0
            return
        self._steps, self._now = batch - self._first, now
        enough = self._steps >= FEWEST_STEPS and now - self._start >= SECONDS
        if enough or self._steps >= MOST_STEPS:
            self._stop()

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        self._stop()  # after the validation, whose time is left out

    def _stop(self):
        per_epoch, epochs = self.params["steps"], self.params["epochs"]
        measured = f"{self._steps} steps after the first"
        each = (self._now - self._start) / max(1, self._steps)
        if not self._steps:
            each, measured = self._compiled, "one step, with its compilation"
        total = per_epoch * epochs
        seconds = self._compiled + each * (total - 1)
        raise DryRunEnded(
            f"Network: {self._network}.\n"
            f"{images_line(self._images)}\n"
            f"Steps: {per_epoch:,} of {self._batch_size:,} images an epoch, {epochs:,} epochs, "
            f"{total:,} steps.\n"
            f"Time here ({device()}): {1000 * each:,.1f} ms a step ({measured}), about "
            f"{clock(seconds)} in all, without validation and tests.\n"
            "Dry run: nothing was written.",
            seconds,
        )


def images_line(images):
    """The sizes of the sets of an `ImageData` in words."""
    return (
        f"Images: {images.train_size:,} for training, {images.validation_size or 0:,} for "
        f"validation, {images.test_size or 0:,} for the test."
    )


def device():
    """What computes, and by which backend."""
    return f"{accelerator()[0].upper()}, {keras.backend.backend()}"


def network_line(model):
    """Name, parameters and multiply-adds of a model in words."""
    trained = sum(math.prod(weight.shape) for weight in model.trainable_weights)
    words = f"{model.name}, {model.count_params():,} parameters, {trained:,} of them trained"
    try:
        return f"{words}, {multiply_adds(model) / 1e6:,.1f} million multiply-adds an image"
    except ValueError:  # images of any size
        return words
