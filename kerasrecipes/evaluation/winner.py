"""A sentence that compares two tests."""

from typing import Any


def winner(results: Any, margin: float = 0.01) -> Any:
    """Return a sentence that compares the accuracies of two tests.

    Args:
        results: List of two `TestResult`, the baseline first.
        margin: float, smallest difference in accuracy that is called a gain. Defaults to 0.01.
    """
    first, last = ((result.name, result.metrics()["accuracy"]) for result in results)
    gain = last[1] - first[1]
    figures = f"test accuracy of {last[0]} {last[1]:.2%}, of {first[0]} {first[1]:.2%}"
    if abs(gain) < margin:
        return f"No clear difference at this size: {figures}."
    return f"{last[0] if gain > 0 else first[0]} is better by {abs(gain):.2%}: {figures}."
