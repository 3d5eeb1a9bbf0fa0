"""Two tests compared, in a sentence."""

from typing import Any


def winner(results: Any, margin: float = 0.01) -> Any:
    """A sentence that compares the last of two tests with the first.

    Args:
        results: List of two `TestResult`, what is compared with first.
        margin: Number, a smaller difference in accuracy counts as none.
    """
    first, last = ((result.name, result.metrics()["accuracy"]) for result in results)
    gain = last[1] - first[1]
    figures = f"{last[0]} {last[1]:.2%}, {first[0]} {first[1]:.2%} of test images right"
    if abs(gain) < margin:
        return f"No gain to speak of at this size: {figures}."
    return f"{last[0] if gain > 0 else first[0]} does better by {abs(gain):.2%}: {figures}."
