"""`--dry-run` of a fine-tuning: how long the features take that its linear classifier is of."""

import time
from typing import Any

import numpy as np

from kerasrecipes.experiment.dry_run import FEWEST_STEPS, SECONDS, device, images_line, network_line
from kerasrecipes.experiment.progress import clock
from kerasrecipes.flags import DryRunEnded
from kerasrecipes.transfer import ProbeResult, StageProbe

UNTIMED = "without fitting the linear classifier to them, and without tests"


def dry_run_features(backbone: Any, batches: Any, stages: Any, images: Any, ends: bool) -> Any:
    """Time the features of some batches, and say how long those of all images take.

    The first batch, which compiles, is timed apart; then batches are timed for five seconds, five
    of them at least, or to the end of the images.

    Args:
        backbone: `keras.Model` of images.
        batches: finite batches of (images, labels, ...).
        stages: sequence of str, names of layers of the backbone.
        images: `data.ImageData`.
        ends: bool, whether nothing is trained after the linear classifier.

    Returns:
        `transfer.ProbeResult` of a linear classifier of zeros on the last stage, to go on with.

    Raises:
        DryRunEnded: if `ends`.

    Example:

    >>> import numpy as np
    >>> from kerasrecipes import augment, data, models
    >>> from kerasrecipes.experiment.dry_run_features import dry_run_features
    >>> pixels = np.random.default_rng(0).integers(0, 255, (40, 32, 32, 3), "uint8")
    >>> images = data.load((pixels, [0, 1] * 20))
    >>> backbone = models.resnet(8, (32, 32, 3), 2, include_top=False)
    >>> batches = augment.pipeline(images.train, [], 8, training=False)
    >>> stages = models.stages(backbone)
    >>> probe = dry_run_features(backbone, batches, stages, images, ends=False)
    Features first. Time here (...): ... without tests.
    >>> probe.best.kernel.shape
    (64, 2)
    """
    compiled, each, timed = _times(backbone, batches)
    count = images.train_size + images.validation_size
    seconds = compiled + each * count
    words = (
        f"Time here ({device()}): {1000 * each:,.1f} ms an image ({timed}), about "
        f"{clock(seconds)} for the features of {count:,} images, {UNTIMED}."
    )
    if ends:
        raise DryRunEnded(
            f"Network: {network_line(backbone)}.\n"
            f"{images_line(images)}\n{words}\nDry run: nothing was written.",
            seconds,
        )
    print(f"Features first. {words}")
    channels = backbone.get_layer(stages[-1]).output.shape[-1]
    zeros = np.zeros((channels, images.num_classes), "float32"), np.zeros(images.num_classes)
    head = StageProbe(stages[-1], 1.0, *zeros, accuracy=0.0, loss=0.0)
    return ProbeResult((head,), np.zeros(0, int))


def _times(backbone, batches):
    """Seconds of the first batch, of an image of the others, and in words what was measured."""
    begun = time.perf_counter()
    start = count = 0
    for number, batch in enumerate(batches):
        backbone.predict_on_batch(np.asarray(batch[0]))
        now = time.perf_counter()
        if number == 0:
            start, first = now, len(batch[0])
            continue
        count += len(batch[0])
        if number >= FEWEST_STEPS and now - start >= SECONDS:
            break
    if not count:
        return 0.0, (start - begun) / first, "one batch, with its compilation"
    return start - begun, (now - start) / count, f"{count:,} images after the first batch"
