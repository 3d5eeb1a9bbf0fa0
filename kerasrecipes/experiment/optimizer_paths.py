"""The points that optimizers visit on a function of two numbers."""

from typing import Any

import keras
import numpy as np

from kerasrecipes._backend.requirement import require_scipy

LARGEST = 1e3  # where a path that diverges ends


def keras_path(optimizer: Any, gradient: Any, start: Any, steps: int) -> Any:
    """Return the points `(steps + 1, 2)` that a Keras optimizer visits.

    Args:
        optimizer: a new Keras optimizer.
        gradient: function of (point, step) to the gradient, NumPy arrays `(2,)`.
        start: the first point.
        steps: int >= 1.

    Example:

    >>> import keras
    >>> from kerasrecipes.experiment.optimizer_paths import keras_path
    >>> keras_path(keras.optimizers.SGD(0.5), lambda p, step: p, (4.0, 2.0), 2).tolist()
    [[4.0, 2.0], [2.0, 1.0], [1.0, 0.5]]
    """
    variable = keras.Variable(np.array(start, "float32"), name="point")
    optimizer.build([variable])
    points = [np.array(start, "float64")]
    for step in range(steps):
        slope = np.asarray(gradient(points[-1], step), "float32")
        optimizer.apply([keras.ops.convert_to_tensor(slope)], [variable])
        points.append(_bounded(keras.ops.convert_to_numpy(variable.value).astype("float64")))
    return np.stack(points)


def momentum_path(rates: Any, momentum: float, gradient: Any, start: Any) -> Any:
    """Return the path of the form of momentum that PyTorch has: v = μ·v + g, w = w - rate·v.

    Keras's is v = μ·v - rate·g, w = w + v. At a constant rate they are the same.
    """
    point, velocity = np.array(start, "float64"), np.zeros(2)
    points = [point]
    for step, rate in enumerate(rates):
        velocity = momentum * velocity + gradient(point, step)
        point = _bounded(point - rate * velocity)
        points.append(point)
    return np.stack(points)


def newton_path(gradient: Any, hessian: Any, start: Any, steps: int) -> Any:
    """Return the path of Newton's method, w = w - H⁻¹·g, which saddles and maxima attract too."""
    points = [np.array(start, "float64")]
    for step in range(steps):
        move = np.linalg.solve(hessian(points[-1]), gradient(points[-1], step))
        points.append(_bounded(points[-1] - move))
    return np.stack(points)


def scipy_path(method: str, value: Any, gradient: Any, start: Any, steps: int) -> Any:
    """Return the path of SciPy's `"BFGS"` or `"L-BFGS-B"`, repeated at its end if it converges."""
    require_scipy("optimizer_paths.scipy_path")
    from scipy.optimize import minimize

    points = [np.array(start, "float64")]
    minimize(
        value, points[0], jac=lambda point: gradient(point, 0), method=method,
        callback=lambda point: points.append(np.array(point)), options={"maxiter": steps},
    )  # fmt: skip
    points += [points[-1]] * (steps + 1 - len(points))
    return np.stack(points[: steps + 1])


def _bounded(point):
    return np.clip(np.nan_to_num(point, nan=LARGEST), -LARGEST, LARGEST)
