"""Tests by several crops an image, beside those by one crop."""

import sys
from typing import Any

from kerasrecipes._printable import printable
from kerasrecipes.evaluation import run_tests

MEASURES = ("accuracy", "loss", "calibration_error", "crops", "images_per_second")


def run_several_crops(
    run: Any, networks: Any, dataset: Any, protocol: Any, finish: Any, task: Any = None
) -> Any:
    """Return {name: `TestResult`} of {name: network}, by a protocol of several crops an image.

    A signal leaves out what is missing, and says so.

    Args:
        run: The `Run`.
        networks: dict from name to a Keras model on one device.
        dataset: the images, as for `evaluation.run_tests`.
        protocol: pair of the name of the protocol and its transform, such as `augment.TenCrop`.
        finish: list of transforms that follow the crop.
        task: as for `evaluation.run_tests`.
    """
    (protocol, crop), results = protocol, {}
    batch = run.config.batch_size
    try:
        for name, network in networks.items():
            test = {f"{name}, {protocol}": crop}
            (results[name],) = run_tests(network, dataset, test, finish, batch, False, task)
    except KeyboardInterrupt:
        print("\nStopped by a signal: the remaining tests are skipped.", file=sys.stderr)
        run.tests_were_cut()
    return results


def describe_several_crops(protocol: str, results: Any) -> Any:
    """Return the entry of `metrics.json` for the results by several crops, and a sentence.

    Example:

    >>> import numpy as np
    >>> from kerasrecipes.evaluation import TestResult
    >>> from kerasrecipes.experiment.several_crops import describe_several_crops
    >>> one = TestResult("mirror", 2, np.array([[0.5, 0.5], [0.4, 0.6]]), np.ones(2, int), 9.0)
    >>> entry, sentence = describe_several_crops("mirror", {"one": one})
    >>> entry["protocol"], entry["one"]["crops"]
    ('mirror', 2)
    >>> sentence
    'By mirror (2 crops an image): one 50.0%.'
    """
    first = next(iter(results.values()))
    tests = {name: one.metrics() for name, one in results.items()}
    measures = (first.task.headline, *MEASURES)
    entry = {
        name: {key: test[key] for key in measures if key in test} for name, test in tests.items()
    }
    headline, form = first.task.headline, ".1%" if first.task.name == "classes" else ".4f"
    shown = (f"{name} {test[headline]:{form}}" for name, test in tests.items())
    sentence = f"By {protocol} ({first.crops} crops an image): {', '.join(shown)}."
    return {"protocol": protocol, **entry}, printable(sentence.replace("_", " "))
