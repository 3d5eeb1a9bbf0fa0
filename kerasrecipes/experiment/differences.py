"""What several classifiers gain over the first of them."""

from typing import Any

import numpy as np

from kerasrecipes._printable import printable
from kerasrecipes.evaluation import loss_difference, paired_test


def differences(results: Any) -> Any:
    """Return panels of `evaluation.intervals_figure`, and sentences about losses.

    Args:
        results: List of `TestResult` of classes on the same images, the baseline first.

    Returns:
        tuple (dict, list of str): accuracy and loss of each minus those of the baseline, with their
        95% intervals over the images, and the calibration errors. The loss is left out where it has
        no interval: probabilities that are not finite, or a single image.

    Example:

    >>> import numpy as np
    >>> from kerasrecipes.evaluation import TestResult
    >>> from kerasrecipes.experiment.differences import differences
    >>> labels = np.zeros(2, int)
    >>> one = TestResult("one", 1, np.array([[0.5, 0.5], [0.4, 0.6]]), labels, 1.0)
    >>> other = TestResult("other", 1, np.array([[0.7, 0.3], [0.5, 0.5]]), labels, 1.0)
    >>> panels, sentences = differences([one, other])
    >>> list(panels)
    ['accuracy against one', 'loss against one', 'calibration error']
    >>> print(*sentences)
    other: loss 0.5249, -0.2798 against one (95% interval -... to 0.4...), calibration error
    0.4000; that of one is 0.5500.
    """
    baseline, *others = results
    name, zero = _words(baseline), {baseline.name: 0.0}
    errors = {one.name: one.metrics()["calibration_error"] for one in results}
    accuracies = {one.name: paired_test(baseline, one) for one in others}
    known = [one for one in others if _has_interval(baseline) and _has_interval(one)]
    losses = {one.name: loss_difference(baseline, one) for one in known}
    sentences = [
        f"{_words(one)}: loss {one.metrics()['loss']:.4f}, {loss.mean:+.4f} against {name} "
        f"(95% interval {loss.low:.4f} to {loss.high:.4f}), calibration error "
        f"{errors[one.name]:.4f}; that of {name} is {errors[baseline.name]:.4f}."
        for one, loss in zip(known, losses.values())
    ]
    gains = {one: (test.difference, *test.interval) for one, test in accuracies.items()}
    panels = {
        f"accuracy against {name}": {**zero, **gains},
        f"loss against {name}": {**zero, **losses},
        "calibration error": errors,
    }
    return panels, sentences


def _has_interval(result):
    return len(result.labels) > 1 and bool(np.isfinite(result.probabilities).all())


def _words(result):
    return printable(result.name.replace("_", " "))
