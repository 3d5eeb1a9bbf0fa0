"""The gradient of a function against its differences."""

from collections.abc import Callable, Sequence
from typing import Any

import keras
import numpy as np

from kerasrecipes._backend.gradient import gradients_of
from kerasrecipes._validation import check_integer

CHANGES = (1e-2, 1e-3, 1e-4)  # of the value, by the steps that are tried
NOISE = 1e-4
GOOD = 0.02


def gradient_errors(
    function: Callable[..., Any], arrays: Sequence[Any], seed: int = 0
) -> list[float]:
    """Return how far a gradient is from the slope, for each argument of a function.

    ```
    analytic = ∂f/∂d,  numeric = (f(x + h·d) - f(x - h·d)) / 2h
    error = |numeric - analytic| / max(|numeric|, |analytic|)
    ```

    The direction d in an argument is that of its gradient with a drawn one added, so that one
    slope sees all of its elements. Three steps h are tried, which change the value by 1%, 0.1% and
    0.01%, up to the first whose error is below 0.02; the least error is returned: a kink, as ReLU
    and max pooling have, spoils some steps alone. What float32 rounds counts as no error. Below
    0.02 the gradient is right; above 0.3, or infinite, it is wrong. It must give the same value at
    each call: switch dropout off.

    Args:
        function: from tensors, one for each array, to a scalar tensor; in `keras.ops`, or in
            operations of the backend.
        arrays: list or tuple of finite float arrays, where the gradient is looked at; they are
            computed with in their own dtype.
        seed: int in [0, 2**32), of the directions. Defaults to 0.

    Returns:
        list of float >= 0, one for each array.

    Raises:
        ValueError: If there is no array, one is not finite, or the function returns no scalar.
        TypeError: If `function` cannot be called, or an array is not of floats.

    Example:

    >>> import keras
    >>> import numpy as np
    >>> from kerasrecipes.preflight import gradient_errors
    >>> x = np.array([1.0, -2.0, 0.5], "float32")
    >>> gradient_errors(lambda x: keras.ops.sum(x**2), [x])[0] < 0.02
    True
    >>> gradient_errors(lambda x: keras.ops.sum(keras.ops.stop_gradient(x) * x), [x])[0] > 0.3
    True

    Reference: Karpathy & Li, CS231n, "Gradient checks", https://cs231n.github.io/neural-networks-3/,
        who compare element by element; one direction for each array is ours.
    """
    check_integer("seed", seed, f"[0, {2**32})")
    if not callable(function):
        raise TypeError(f"Argument `function` must be callable. Received: function={function!r}")
    arrays = [_checked(array) for array in arrays]
    if not arrays:
        raise ValueError("Argument `arrays` must have one array or more. Received: none")
    value, gradients = gradients_of(_twice(function), [*map(_tensor, arrays)])
    gradients = [_numpy(one).astype("float64") for one in gradients]
    generator = np.random.default_rng(seed)
    return [
        _error(function, arrays, place, gradient, float(_numpy(value)), generator)
        for place, gradient in enumerate(gradients)
    ]


def _checked(array):
    array = _numpy(array)
    if not np.issubdtype(array.dtype, np.floating):
        raise TypeError(f"Argument `arrays` must be float arrays. Received: {array.dtype}")
    if not np.isfinite(array).all():
        raise ValueError("Argument `arrays` must be finite. Received: NaN or infinity")
    return array


def _twice(function):
    def value_twice(*tensors):
        value = function(*tensors)
        if len(value.shape):
            raise ValueError(
                "Argument `function` must return a scalar. "
                f"Received: a result of shape {tuple(value.shape)}"
            )
        return value, value

    return value_twice


def _error(function, arrays, place, gradient, value, generator):
    """Return the relative difference of both slopes in one argument, by its best step."""
    if not np.isfinite(gradient).all():
        return np.inf
    direction = _unit(_unit(gradient) + 0.5 * _unit(generator.normal(size=gradient.shape)))
    slope = float((gradient * direction).sum())
    size = max(abs(value), 1e-2)
    largest = 0.05 * (np.linalg.norm(arrays[place]) + 0.1 * np.sqrt(gradient.size))
    errors = []
    for change in CHANGES:
        step = min(change * size / max(abs(slope), 1e-12), largest)
        ends = [_value_at(function, arrays, place, s * step * direction) for s in (1, -1)]
        numeric, analytic = (ends[0] - ends[1]) / 2, slope * step
        excess = abs(numeric - analytic) - NOISE * CHANGES[0] * size
        errors.append(max(0.0, excess) / max(abs(numeric), abs(analytic), 1e-30))
        if errors[-1] < GOOD:
            break
    return min(errors)


def _value_at(function, arrays, place, offset):
    moved = [*arrays]
    moved[place] = (arrays[place] + offset).astype(arrays[place].dtype)
    return float(_numpy(function(*map(_tensor, moved))))


def _tensor(array):
    return keras.ops.convert_to_tensor(array, str(array.dtype))


def _numpy(tensor):
    return keras.ops.convert_to_numpy(tensor)


def _unit(array):
    return array / max(np.linalg.norm(array), 1e-30)
