"""How wrong a difference is, by its step."""

import numpy as np
from matplotlib import pyplot as plt


def draw():
    """Relative error of one-sided and centred differences of a loss, in two precisions."""
    steps = np.logspace(-8, 0, 81)
    figure, axis = plt.subplots()
    for dtype in ("float32", "float64"):
        start = np.array(0.7, dtype)
        exact = -1 / (1 + np.exp(0.7))  # of log(1 + exp(-x))
        ahead, here, behind = (_loss(start + s * steps.astype(dtype)) for s in (1, 0, -1))
        slopes = {"one-sided": (ahead - here) / steps, "centred": (ahead - behind) / (2 * steps)}
        for name, slope in slopes.items():
            error = np.abs(slope - exact) / np.abs(exact)
            line = "-" if name == "centred" else ":"
            axis.loglog(steps, np.maximum(error, 1e-13), line, label=f"{name}, {dtype}")
    axis.set(xlabel="step h", ylabel="relative error", ylim=(1e-13, 10))
    axis.legend(ncols=2)
    return figure


def _loss(x):
    return np.log1p(np.exp(-x)).astype(x.dtype).astype("float64")
