"""Functions of two numbers that show what an optimizer does, with gradient and Hessian."""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

CONDITION = 40.0
TILT = 0.3


class Surface(NamedTuple):
    """A function of a point `(2,)`.

    Attributes:
        name: str.
        value, gradient, hessian: functions of arrays `(..., 2)`, the last two of one point.
        start: the point that optimizers begin at.
        limits: (x low, x high, y low, y high) of a picture.
        minima: points.
    """

    name: str
    value: Callable[[Any], Any]
    gradient: Callable[[Any], Any]
    hessian: Callable[[Any], Any]
    start: tuple[float, float]
    limits: tuple[float, float, float, float]
    minima: tuple[tuple[float, float], ...]


def surfaces() -> list[Surface]:
    """Return the valley, the saddle, and the local minimum.

    - valley: (x² + 40·y²) / 2, whose curvatures differ by a factor of 40.
    - saddle: x² / 2 - y² / 2 + y⁴ / 4, begun almost on the line y = 0 that leads to the saddle.
    - local minimum: x⁴ / 4 - x² / 2 + 0.3·x + y² / 2, begun in the basin of the worse minimum.

    Example:

    >>> from kerasrecipes.experiment.surfaces import surfaces
    >>> [surface.name for surface in surfaces()]
    ['valley', 'saddle', 'local minimum']
    """
    valley = Surface(
        "valley",
        lambda p: (p[..., 0] ** 2 + CONDITION * p[..., 1] ** 2) / 2,
        lambda p: np.array([p[0], CONDITION * p[1]]),
        lambda p: np.diag([1.0, CONDITION]),
        (-4.0, 0.8),
        (-4.6, 1.4, -1.2, 1.2),
        ((0.0, 0.0),),
    )
    saddle = Surface(
        "saddle",
        lambda p: p[..., 0] ** 2 / 2 - p[..., 1] ** 2 / 2 + p[..., 1] ** 4 / 4,
        lambda p: np.array([p[0], -p[1] + p[1] ** 3]),
        lambda p: np.diag([1.0, -1.0 + 3 * p[1] ** 2]),
        (-1.5, 0.01),
        (-1.8, 0.9, -1.5, 1.5),
        ((0.0, -1.0), (0.0, 1.0)),
    )
    roots = np.roots([1.0, 0.0, -1.0, TILT])
    local = Surface(
        "local minimum",
        lambda p: p[..., 0] ** 4 / 4 - p[..., 0] ** 2 / 2 + TILT * p[..., 0] + p[..., 1] ** 2 / 2,
        lambda p: np.array([p[0] ** 3 - p[0] + TILT, p[1]]),
        lambda p: np.diag([3 * p[0] ** 2 - 1.0, 1.0]),
        (1.6, 1.0),
        (-1.8, 1.9, -1.2, 1.3),
        ((float(min(roots.real)), 0.0),),
    )
    return [valley, saddle, local]
