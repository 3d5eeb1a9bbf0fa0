"""Recomputes the statistics of normalisation layers from data."""

import contextlib
import itertools
from typing import Any

import keras
import numpy as np

from kerasrecipes._batches import batches
from kerasrecipes._validation import check_integer
from kerasrecipes._warning import warn
from kerasrecipes.inference._statistics import called_with_training, layers_with_statistics
from kerasrecipes.layers import GhostBatchNormalization

WHOLE_BATCH = 2**31 - 1  # examples: the most that an int32 counts


def recalibrate_normalization(
    model: keras.Model, dataset: Any, batch_size: int = 128, steps: int | None = None
) -> Any:
    """Replace the running statistics of a model's normalisation layers by those of a data set.

    ```
    mean     = Σ n_b · mean_b / Σ n_b
    variance = Σ n_b · (variance_b + mean_b²) / Σ n_b - mean²
    ```

    over the batches b of n_b examples, accumulated in float64. For the first normalisation layer
    these are exactly the mean and variance over `dataset`; for later layers, those of inputs that
    the layers before normalise by batch statistics. Use it if the statistics do not match the
    weights or the data: after weight averaging, or for another resolution or domain. All other
    layers work as in prediction (no dropout). Statistics other than mean and variance, such as a
    whitening matrix, are averaged. `layers.GhostBatchNormalization` normalises whole batches
    meanwhile: its variance includes that between parts. Frozen layers (`trainable=False`) keep
    their statistics. The model is changed in place.

    Args:
        model: built `keras.Model`.
        dataset: arrays x or (x, y, ...), or an iterable of batches of those, with x as the model
            takes it. Batches should be as large as in training, or larger.
        batch_size: int >= 1, if `dataset` is arrays. Defaults to 128.
        steps: int >= 1, number of batches to use; `None` (default) for all. Required if
            `dataset` is infinite.

    Returns:
        The model.

    Raises:
        ValueError: if `dataset` has no batch, or an argument is out of range.

    Example:

    >>> import numpy as np, keras
    >>> from kerasrecipes.inference import recalibrate_normalization
    >>> model = keras.Sequential([keras.Input((1,)), keras.layers.BatchNormalization()])
    >>> _ = recalibrate_normalization(model, np.array([[1.0], [3.0], [8.0]]), batch_size=2)
    >>> print([np.round(keras.ops.convert_to_numpy(w), 3) for w in model.layers[0].weights[2:]])
    [array([4.], dtype=float32), array([8.667], dtype=float32)]

    Reference: Izmailov et al. (2018), https://arxiv.org/abs/1803.05407 (for averaged weights); Wu &
        Johnson (2021), https://arxiv.org/abs/2105.07576 (precise statistics). Both keep
        dropout active; we do not.
    """
    check_integer("batch_size", batch_size, "[1, inf)")
    if steps is not None:
        check_integer("steps", steps, "[1, inf)")
    inputs = (batch[0] for batch in batches(dataset, batch_size, "dataset"))
    stream = itertools.islice(inputs, steps)
    first = next(stream, None)
    if first is None:
        raise ValueError("Argument `dataset` must hold at least one batch. Received: none")
    normalizations = {
        layer: weights
        for layer, weights in layers_with_statistics(model, first).items()
        if hasattr(layer, "momentum")
    }
    if not normalizations:
        warn(f"{model.name} has no normalisation layer with trainable statistics: nothing changes.")
        return model
    sums, count = _measure(model, normalizations, itertools.chain([first], stream))
    for layer, weights in normalizations.items():
        _assign(layer, weights, sums, count)
    return model


def _measure(model, normalizations, stream):
    """Return ({id: Σ n_b · statistic_b}, Σ n_b); for a variance, the second moment is summed."""
    sums, count = {}, 0
    with _statistics_of_a_batch(normalizations), called_with_training(normalizations, True):
        for x in stream:
            size = len(keras.tree.flatten(x)[0])
            for key, value in _batch_statistics(model, normalizations, x).items():
                sums[key] = sums.get(key, 0.0) + size * value
            count += size
    return sums, count


@contextlib.contextmanager
def _statistics_of_a_batch(normalizations):
    """Within the context, the statistics of a call are those of its batch alone, and all of it."""
    momenta = {layer: layer.momentum for layer in normalizations}
    sizes = {one: one.size for one in normalizations if isinstance(one, GhostBatchNormalization)}
    try:
        for layer in normalizations:
            layer.momentum = 0.0
        for layer in sizes:
            layer.size = WHOLE_BATCH
        yield
    finally:
        for layer, momentum in momenta.items():
            layer.momentum = momentum
        for layer, size in sizes.items():
            layer.size = size


def _batch_statistics(model, normalizations, x):
    weights = [weight for layer in normalizations for weight in normalizations[layer]]
    # The old values are replaced by zeros, because momentum 0 times NaN would be NaN.
    zeros = [(weight, keras.ops.zeros(weight.shape, weight.dtype)) for weight in weights]
    with keras.StatelessScope(state_mapping=zeros) as scope:
        model(x, training=False)
        values = {
            id(weight): keras.ops.convert_to_numpy(scope.get_current_value(weight)).astype(float)
            for weight in weights
        }
    for layer in normalizations:
        mean, variance = _mean_and_variance(layer)
        if mean is not None:
            values[id(variance)] = values[id(variance)] + values[id(mean)] ** 2
    return values


def _assign(layer, weights, sums, count):
    mean, variance = _mean_and_variance(layer)
    for weight in weights:
        value = sums[id(weight)] / count
        if weight is variance:
            value = np.maximum(value - (sums[id(mean)] / count) ** 2, 0.0)
        weight.assign(value)


def _mean_and_variance(layer):
    mean = getattr(layer, "moving_mean", None)
    variance = getattr(layer, "moving_variance", None)
    return (None, None) if mean is None or variance is None else (mean, variance)
