"""Checks of arguments, with consistent error messages."""

import difflib
import math
import numbers
import os


def check_number(name, value, interval):
    """Raise unless `value` is a real number inside `interval`, such as `"[0, 1)"`.

    >>> check_number("rate", 0.5, "[0, 1)")
    >>> check_number("rate", 1, "[0, 1)")
    Traceback (most recent call last):
    ValueError: Argument `rate` must be in [0, 1). Received: rate=1
    """
    if isinstance(value, bool) or not isinstance(value, numbers.Real):
        raise TypeError(
            f"Argument `{name}` must be a number in {interval}. Received: "
            f"{name}={value!r} (of type {type(value).__name__})"
        )
    if not _inside(value, interval):
        raise ValueError(f"Argument `{name}` must be in {interval}. Received: {name}={value}")


def check_integer(name, value, interval):
    """Raise unless `value` is an integer (not a boolean) inside `interval`."""
    if isinstance(value, bool) or not isinstance(value, numbers.Integral):
        raise TypeError(
            f"Argument `{name}` must be an integer in {interval}. Received: "
            f"{name}={value!r} (of type {type(value).__name__})"
        )
    if not _inside(value, interval):
        raise ValueError(f"Argument `{name}` must be in {interval}. Received: {name}={value}")


def check_boolean(name, value):
    """Raise unless `value` is `True` or `False`."""
    if not isinstance(value, bool):
        raise TypeError(
            f"Argument `{name}` must be True or False. Received: "
            f"{name}={value!r} (of type {type(value).__name__})"
        )


def check_path(name, value):
    """Raise unless `value` is a path: a string or what `os.fspath` takes."""
    if not isinstance(value, (str, os.PathLike)):
        raise TypeError(
            f"Argument `{name}` must be a path. Received: "
            f"{name}={value!r} (of type {type(value).__name__})"
        )


def check_choice(name, value, choices):
    """Raise unless `value` is one of the strings `choices`."""
    if value not in choices:
        allowed = ", ".join(repr(choice) for choice in choices)
        meant = did_you_mean(value, choices) or "."
        raise ValueError(
            f"Argument `{name}` must be one of {allowed}{meant} Received: {name}={value!r}"
        )


def did_you_mean(value, choices):
    """Return words that name the choice most like a mistyped string, "" if none is.

    >>> did_you_mean("Adam", ("sgd", "adam")), did_you_mean("--lr", ("--learning-rate",))
    ("; did you mean 'adam'?", "; did you mean '--learning-rate'?")
    >>> did_you_mean("something", ("sgd", "adam"))
    ''
    """
    if not isinstance(value, str):
        return ""
    spelled = {choice.lower(): choice for choice in choices if isinstance(choice, str)}
    for choice in [*spelled]:
        words = choice.lstrip("-").replace("_", "-").split("-")
        if len(words) > 1:
            dashes = choice[: len(choice) - len(choice.lstrip("-"))]
            spelled.setdefault(dashes + "".join(word[:1] for word in words), spelled[choice])
    close = difflib.get_close_matches(value.lower(), spelled, 1, 0.7)
    return f"; did you mean {spelled[close[0]]!r}?" if close else ""


def check_range(name, value, interval):
    """Raise unless `value` is a pair (low, high) in `interval` with low <= high."""
    if not isinstance(value, (tuple, list)) or len(value) != 2:
        raise TypeError(
            f"Argument `{name}` must be a pair (low, high) in {interval}. Received: "
            f"{name}={value!r}"
        )
    for bound in value:
        check_number(name, bound, interval)
    if value[0] > value[1]:
        raise ValueError(f"Argument `{name}` must have low <= high. Received: {name}={value!r}")


def check_axis(name, value):
    """Raise unless `value` is an integer other than 0, the axis of the batch."""
    check_integer(name, value, "(-inf, inf)")
    if value == 0:
        raise ValueError(
            f"Argument `{name}` must not be 0, the axis of the batch. Received: {name}={value}"
        )


def check_rank(name, shape, least):
    """Raise unless a tensor of this `shape` has at least `least` dimensions."""
    if len(shape) < least:
        raise ValueError(
            f"Argument `{name}` must be of rank {least} or more. Received: "
            f"{name}.shape={tuple(shape)}"
        )


def check_floating(name, tensor):
    """Raise unless a tensor holds floating-point numbers."""
    if "float" not in str(tensor.dtype):
        raise TypeError(
            f"Argument `{name}` must be of a floating-point dtype. Received: "
            f"{name}.dtype={tensor.dtype}"
        )


def _inside(value, interval):
    low, high = (float(bound) for bound in interval[1:-1].split(","))
    if math.isnan(value) or not low <= value <= high:
        return False
    return not (value == low and interval[0] == "(" or value == high and interval[-1] == ")")
