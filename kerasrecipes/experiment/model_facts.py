"""Size and speed of a model that takes pixels."""

import os
import statistics
import time
from typing import Any

import keras
import numpy as np

from kerasrecipes.models import multiply_adds

ROUNDS = 7


def model_facts(model: keras.Model, path: str | os.PathLike[str], size: int) -> dict[str, Any]:
    """Return parameters, multiply-adds, size of the file and time for one image.

    Args:
        model: Keras model of pixels.
        path: Its file.
        size: int, side of an image in pixels.

    Returns:
        dict with the keys `parameters`, `multiply_adds` (of one image), `file_bytes`,
        `latency_ms` (median of predictions of one image on this machine), `image_size`.
    """
    shape = tuple(size if side is None else side for side in model.inputs[0].shape[1:])
    image = np.zeros((1, *shape), keras.backend.standardize_dtype(model.inputs[0].dtype))
    model.predict_on_batch(image)  # compiles
    times = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        model.predict_on_batch(image)
        times.append(time.perf_counter() - start)
    return {
        "parameters": model.count_params(),
        "multiply_adds": multiply_adds(model, shape),
        "file_bytes": os.path.getsize(path),
        "latency_ms": round(1000 * statistics.median(times), 2),
        "image_size": list(shape[:2]),
    }


def facts_table(facts: dict[str, Any]) -> Any:
    """Return the facts as a table of a report: heading, header, rows."""
    rows = [
        ["Parameters", f"{facts['parameters']:,}"],
        ["Multiply-adds of one image", f"{facts['multiply_adds'] / 1e6:,.1f} million"],
        ["Size of model.keras", f"{facts['file_bytes'] / 1e6:,.1f} MB"],
        ["Time of the model alone, one image in memory", f"{facts['latency_ms']:,.2f} ms"],
    ]
    return "Model", ("What", "Value"), rows
