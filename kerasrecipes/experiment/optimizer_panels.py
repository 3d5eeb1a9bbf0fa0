"""What optimizers do: their paths on surfaces, in noise, and the schedules of their rates."""

from typing import Any

import keras
import numpy as np

from kerasrecipes import schedules
from kerasrecipes.experiment import optimizer_paths as paths
from kerasrecipes.experiment.surfaces import surfaces

MOMENTUM = 0.9
SURFACE_RATES = {
    "SGD": 0.045, "momentum": 0.02, "Nesterov": 0.02, "AdaGrad": 0.6, "RMSProp": 0.1, "Adam": 0.2,
    "AdaDelta": 20.0,
}  # fmt: skip


def optimizer_of(name: str, rate: float) -> Any:
    """Return a new Keras optimizer, by its name in the lecture."""
    return {
        "SGD": lambda: keras.optimizers.SGD(rate),
        "momentum": lambda: keras.optimizers.SGD(rate, momentum=MOMENTUM),
        "Nesterov": lambda: keras.optimizers.SGD(rate, momentum=MOMENTUM, nesterov=True),
        "AdaGrad": lambda: keras.optimizers.Adagrad(rate),
        "RMSProp": lambda: keras.optimizers.RMSprop(rate),
        "Adam": lambda: keras.optimizers.Adam(rate),
        "AdaDelta": lambda: keras.optimizers.Adadelta(rate),
    }[name]()


def surface_panels(steps: int) -> Any:
    """Return the paths of all optimizers on the three surfaces, as panels of `paths_figure`."""
    return [_surface_panel(surface, steps) for surface in surfaces()]


def _surface_panel(surface, steps):
    def gradient(point, step):
        return surface.gradient(point)

    start, found = surface.start, {}
    for name, rate in SURFACE_RATES.items():
        found[name] = paths.keras_path(optimizer_of(name, rate), gradient, start, steps)
    for method, name in (("L-BFGS-B", "L-BFGS"), ("BFGS", "BFGS")):
        found[name] = paths.scipy_path(method, surface.value, gradient, start, steps)
    found["Newton"] = paths.newton_path(gradient, surface.hessian, start, steps)
    return surface.name, surface.value, surface.limits, found


def noise_panels(steps: int, seed: int) -> Any:
    """Return batches of three sizes on a linear regression, and momentum in its two forms."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(200, 2)) * [1.0, 0.3]
    errors = rng.normal(size=200)

    def gradient(size):
        def slope(point, step):
            rows = np.random.default_rng([seed, step]).permutation(200)[:size]
            return x[rows].T @ (x[rows] @ point - errors[rows]) / size

        return slope

    def value(points):
        return ((points @ x.T - errors) ** 2).mean(axis=-1) / 2

    limits, start = (-2.6, 1.6, -2.6, 2.0), (-2.0, -2.0)
    batches = {
        name: paths.keras_path(keras.optimizers.SGD(0.3), gradient(size), start, steps)
        for name, size in (("1 example", 1), ("20 examples", 20), ("all 200", 200))
    }
    falling = 0.2 * 0.93 ** np.arange(steps)
    decay = keras.optimizers.schedules.ExponentialDecay(0.2, 1, 0.93)
    keras_form = keras.optimizers.SGD(decay, momentum=MOMENTUM)
    forms = {
        "v = μv - rate·g (Keras)": paths.keras_path(keras_form, gradient(200), start, steps),
        "v = μv + g (PyTorch)": paths.momentum_path(falling, MOMENTUM, gradient(200), start),
    }
    return [
        ("SGD by examples per step", value, limits, batches),
        ("momentum, rate falling by 7% a step", value, limits, forms),
    ]


def decays(steps: int) -> Any:
    """Return {name: rates by step} of schedules that begin at 0.1."""
    keras_schedules = keras.optimizers.schedules
    found = {
        "step": schedules.StepDecay(0.1, [steps * 3 // 10, steps * 6 // 10, steps * 8 // 10], 0.2),
        "exponential": keras_schedules.ExponentialDecay(0.1, steps, 0.01),
        "1/t": keras_schedules.InverseTimeDecay(0.1, steps, 10.0),
        "cosine": keras_schedules.CosineDecay(0.1, steps),
        "SGDR": schedules.WarmRestarts(0.1, -(-steps // 7), 2.0),
    }
    return {name: schedules.preview(schedule, steps) for name, schedule in found.items()}
