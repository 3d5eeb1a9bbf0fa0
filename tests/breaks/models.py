"""Breaks of `models`."""

from tests.breaks.table import Break

FRACTIONAL, TESTS = "models/fractional_network.py", "models/test_fractional_network.py"

BREAKS = [
    Break(
        "fractional_network", "sizes are rounded down", FRACTIONAL,
        "int(ratio * after + 0.5)", "int(ratio * after)", f"{TESTS} -k sizes",
    ),
    Break(
        "fractional_network", "a pooling leaves a pixel less", FRACTIONAL,
        "pair[0] / (pair[1] + 0.5)", "pair[0] / (pair[1] - 0.01)", f"{TESTS} -k sizes",
    ),
    Break(
        "fractional_network", "the same dropout everywhere", FRACTIONAL,
        "dropout * number / (poolings + 1)", "dropout", f"{TESTS} -k rises",
    ),
]  # fmt: skip
