"""Tests a classifier by several protocols and measures their speed."""

import dataclasses
import sys
import time
from typing import Any

import numpy as np

from kerasrecipes import augment
from kerasrecipes._backend.accelerator import accelerator
from kerasrecipes._printable import printable
from kerasrecipes._progress import progress
from kerasrecipes.evaluation.classes_task import ClassesTask
from kerasrecipes.evaluation.metrics import confusion_matrix
from kerasrecipes.inference import multi_crop_predict


@dataclasses.dataclass(frozen=True)
class TestResult:
    """The result of one test protocol.

    Attributes:
        name: str, name of the protocol.
        crops: int, crops per image.
        probabilities: Array `(images, classes)`, the predictions.
        labels: Integer array `(images,)`; of several labels or numbers, `(images, classes)`.
        images_per_second: float, including decoding, cropping and prediction.
        speed_of: str, what `images_per_second` is of, such as `"28x28 pixels on CPU"`.
        task: `ClassesTask` (default), `MultilabelTask` or `RegressionTask`.
    """

    __test__ = False

    name: str
    crops: int
    probabilities: np.ndarray
    labels: np.ndarray
    images_per_second: float
    speed_of: str = ""
    task: Any = ClassesTask()

    def metrics(self) -> Any:
        """Return the metrics of the task, and the crops and images per second."""
        metrics = self.task.metrics(self.probabilities, self.labels)
        return {**metrics, "crops": self.crops, "images_per_second": self.images_per_second}

    def confusion_matrix(self) -> Any:
        """Return the counts of images by true class (row) and predicted class (column)."""
        return confusion_matrix(self.probabilities, self.labels)


def run_tests(
    model: Any,
    dataset: Any,
    protocols: Any,
    finish: Any,
    batch_size: int,
    verbose: bool = True,
    task: Any = None,
) -> Any:
    """Test a model by each protocol and print the results side by side.

    Args:
        model: Keras model from network input to probabilities.
        dataset: A set of a `data.ImageData`, or a `tf.data.Dataset` of (image or bytes, label).
        protocols: Dictionary from name to the transform that crops, such as `augment.TenCrop`.
        finish: List of transforms that follow the crop.
        batch_size: int, images per batch with one crop per image; with more crops it is divided
            by their number, so that the memory is about the same.
        verbose: bool, whether to print the results. Defaults to `True`.
        task: what `task_of` returns, or `None` (default) for classes.

    Returns:
        list of `TestResult` in the order of `protocols`. After a signal (Ctrl-C, SIGTERM) it has
        only the finished tests.

    Example:

    >>> import keras
    >>> import numpy as np
    >>> from kerasrecipes import augment, evaluation
    >>> model = keras.Sequential([keras.Input((8, 8, 3)), keras.layers.Flatten()])
    >>> model.add(keras.layers.Dense(2, "softmax"))
    >>> images = [(np.zeros((20, 16, 3), "uint8"), 0)] * 6
    >>> crops = {"centre crop": augment.CenterCrop(8), "ten crops": augment.TenCrop(8)}
    >>> results = evaluation.run_tests(model, images, crops, [], batch_size=2, verbose=False)
    >>> [(result.name, result.crops, result.probabilities.shape) for result in results]
    [('centre crop', 1, (6, 2)), ('ten crops', 10, (6, 2))]
    """
    results, task = [], task or ClassesTask()
    for name, crop in protocols.items():
        try:
            results.append(_run_test(model, dataset, name, crop, finish, batch_size, task))
        except KeyboardInterrupt:
            if not results:
                raise
            print("\nStopped by a signal: the remaining tests are skipped.", file=sys.stderr)
            break
    if verbose:
        print(results_table(results))
    return results


def _run_test(model, dataset, name, crop, finish, batch_size, task):
    crops = getattr(crop, "crops", 1)
    size = max(1, batch_size // crops)
    batches = augment.pipeline(dataset, [crop, *finish], size, training=False)
    total = len(dataset) if hasattr(dataset, "__len__") else None
    with progress(f"testing by {name.replace('_', ' ')}", total) as advance:
        multi_crop_predict(model, batches.take(1), batch_size=batch_size)
        start = time.perf_counter()
        probabilities, labels = multi_crop_predict(
            model, _counted(batches, advance), batch_size=batch_size, return_labels=True
        )
        rate = len(labels) / (time.perf_counter() - start)
    height, width = batches.element_spec[0].shape[-3:-1]
    speed_of = f"{height}x{width} pixels on {accelerator()[0].upper()}"
    return TestResult(name, crops, probabilities, labels, round(rate, 1), speed_of, task)


def _counted(batches, advance):
    """Yield batches, and tell how many images have been done."""
    for batch in batches:
        yield batch
        advance(len(batch[1]))


def results_table(results):
    """Return the results as a table: protocol, crops, accuracy (or what else), loss, speed."""
    task = results[0].task
    names = [printable(result.name) for result in results]
    width = max(map(len, names))
    lines = [f"{'test':<{width}}  crops  {task.title:>8}    loss  images/s"]
    for name, result in zip(names, results):
        metrics = result.metrics()
        lines.append(
            f"{name:<{width}}  {result.crops:>5}  {metrics[task.headline]:>8.4f}"
            f"  {metrics['loss']:>6.4f}  {result.images_per_second:>8.1f}"
        )
    speeds = sorted({result.speed_of for result in results if result.speed_of})
    if speeds:
        lines.append(f"images/s: with reading and decoding, {' and '.join(speeds)}")
    return "\n".join(lines)
