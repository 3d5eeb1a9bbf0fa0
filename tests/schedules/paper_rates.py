"""The rates of warm restarts, from the paper."""

import math

import numpy as np


def paper_rates(steps, maximum, first, multiplier, minimum=0.0, peak=1.0, warmup=0):
    """Equation 5 of the paper, step by step in float64."""
    rates = [maximum * (step + 1) / (warmup + 1) for step in range(warmup)]
    cycle = 0
    while len(rates) < steps:
        length = max(1, round(first * multiplier**cycle))
        top = max(minimum, maximum * peak**cycle)
        rates += [
            minimum + 0.5 * (top - minimum) * (1 + math.cos(math.pi * t / length))
            for t in range(length)
        ]
        cycle += 1
    return np.array(rates[:steps])
