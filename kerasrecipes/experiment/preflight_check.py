"""`preflight` on what a recipe is about to train, before the first step."""

import json
from typing import Any

import numpy as np

from kerasrecipes import augment
from kerasrecipes._backend.keras_internals import has_rate, locals_of_fit
from kerasrecipes._backend.updating_optimizers import updating_optimizers
from kerasrecipes._printable import printable
from kerasrecipes.evaluation import figure_png
from kerasrecipes.evaluation.pick import evenly_spaced
from kerasrecipes.experiment.stateless import Stateless
from kerasrecipes.preflight import preflight
from kerasrecipes.preflight.rate_check import rate_range

EXAMPLES, LARGEST_SIZE = 512, 32


class PreflightCheck(Stateless):
    """Prints the checks before the first step of a run, and ends a training that would be in vain.

    `preflight.json` and, of images, `preflight.png` are written into the folder of the run; with
    `--dry-run` nothing is.

    Args:
        run: the `Run`.
        images: `data.ImageData`.
    """

    def __init__(self, run: Any, images: Any) -> None:
        super().__init__()
        self._run, self._images = run, images
        self._is_due = run.config.preflight and run.start_step == 0

    def _begin(self):
        if not self._is_due:
            return
        self._is_due = False  # a training in phases calls `fit` several times
        print("Checks before the training (--preflight):", flush=True)
        given = locals_of_fit(self.model)
        with self._run.replicas.apart():
            report = preflight(
                self.model,
                given["x"],
                validation_data=given.get("validation_data"),
                unaugmented=plain_examples(self._images),
                learning_rate=self._scaled_rates(),
                class_names=[printable(name) for name in self._images.class_names],
                duplicates=self._images.duplicates,
                examples=EXAMPLES,
                seed=self._run.config.seed,
            )
        print(report, flush=True)
        self._write(report)
        if not report.passed:
            names = ", ".join(check.name for check in report.failures)
            raise ValueError(
                "The checks before the training failed, and nothing was trained: correct what "
                f"they say, or leave out --preflight. Received: {names} failed"
            )

    def _scaled_rates(self):
        """Return the first and the highest rate with `--scale-rate`, else `None`."""
        if not self._run.config.scale_rate:
            return None
        optimizers = updating_optimizers(self._trained_model.optimizer)
        first, highest = zip(*(rate_range(one) for one in optimizers if has_rate(one)))
        scale = self._run.config.rate_scale()
        return min(1, scale) * max(first), scale * max(highest)

    def _write(self, report):
        if self._run.config.dry_run:
            return
        self._run.write("preflight.json", json.dumps(report.to_dict(), indent=2) + "\n")
        if report.pictures:
            self._run.write("preflight.png", figure_png(report.plot()))


def plain_examples(images: Any) -> Any:
    """Return small images of the training set and their labels, without augmentation.

    Args:
        images: `data.ImageData`.

    Returns:
        Arrays (images, labels), at most 512 evenly spaced ones; `None` where there are fewer
        than two.
    """
    size = min(images.short_side, LARGEST_SIZE)
    crop = augment.CenterCrop(size, size, channels=images.channels)
    wanted = evenly_spaced(len(images.train), EXAMPLES)
    pairs = [(np.asarray(crop(image)), label) for image, label in _at(images.train, wanted)]
    if len(pairs) < 2:
        return None
    pixels, labels = zip(*pairs)
    return np.stack(pixels).astype("float32"), np.asarray(labels)


def _at(dataset, wanted):
    """Yield the pairs at sorted places of a source, or of a stream, which is read in order."""
    if hasattr(dataset, "__getitem__"):
        yield from (dataset[int(index)] for index in wanted)
        return
    places, last = set(map(int, wanted)), int(wanted[-1])
    for index, pair in enumerate(dataset):
        if index in places:
            yield pair
        if index >= last:
            return
