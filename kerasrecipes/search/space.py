"""The settings that a search draws, and their ranges."""

import dataclasses
import difflib
import math
import typing
from typing import Any

import numpy as np

from kerasrecipes._printable import printable
from kerasrecipes.flags.fields import plain_type

NEVER = ("output", "resume", "keep_going", "tensorboard", "export", "dry_run", "ablate")
EXAMPLES = "NAME=log:LOW:HIGH, NAME=LOW:HIGH or NAME=A,B,C"
BOOLEANS = {"true": True, "false": False, "on": True, "off": False}


@dataclasses.dataclass(frozen=True)
class Range:
    """A flag and the values that a search tries: numbers between two ends, or choices.

    Attributes:
        name: str, name of the field of the recipe's `Config`.
        low, high: The ends, both included; `None` for choices.
        log: bool, whether numbers are drawn uniformly in their logarithm.
        integer: bool, whether they are rounded.
        choices: Tuple of values, or `()` for a range of numbers.

    Example:

    >>> from kerasrecipes.search import Range
    >>> rate = Range("learning_rate", low=1e-4, high=1.0, log=True)
    >>> rate.at(0.5)
    0.01
    >>> rate.narrowed(center=1.0, factor=0.25)
    Range(name='learning_rate', low=0.1, high=1.0, log=True, integer=False, choices=())
    """

    name: str
    low: Any = None
    high: Any = None
    log: bool = False
    integer: bool = False
    choices: tuple = ()

    def at(self, fraction: float) -> Any:
        """Return the value at a fraction in [0, 1] of the range, in its scale."""
        if self.choices:
            return self.choices[min(int(fraction * len(self.choices)), len(self.choices) - 1)]
        value = self._value(self._low + fraction * (self._high - self._low))
        return int(round(value)) if self.integer else value

    def position(self, value: Any) -> float:
        """Return the fraction of the range at which a value lies: the inverse of `at`."""
        if self.choices:
            return (self.choices.index(value) + 0.5) / len(self.choices)
        return (self._scaled(value) - self._low) / (self._high - self._low)

    def narrowed(self, center: Any, factor: float) -> Any:
        """Return the part of the range around a value, moved to lie inside; choices stay."""
        if self.choices:
            return self
        half = factor * (self._high - self._low) / 2
        middle = min(max(self._scaled(center), self._low + half), self._high - half)
        ends = (self._value(middle - half), self._value(middle + half))
        low, high = (max(self.low, ends[0]), min(self.high, ends[1]))
        return dataclasses.replace(self, low=low, high=high)

    def draw(self, rng: Any) -> Any:
        """Return a random value."""
        return self.at(rng.uniform())

    def __str__(self):
        if self.choices:
            return f"{self.name} in {', '.join(map(str, self.choices))}"
        return f"{self.name} in [{self.low:g}, {self.high:g}]{', by its logarithm' * self.log}"

    @property
    def _low(self):
        return self._scaled(self.low)

    @property
    def _high(self):
        return self._scaled(self.high)

    def _scaled(self, value):
        return math.log10(value) if self.log else float(value)

    def _value(self, scaled):
        return float(np.float64(10.0) ** scaled) if self.log else scaled


def space_of(texts: Any, config_class: Any) -> Any:
    """Return the `Range` of each text such as `"learning_rate=log:1e-4:1"`.

    Args:
        texts: Strings: `NAME=log:LOW:HIGH`, `NAME=LOW:HIGH` or `NAME=A,B,C`.
        config_class: The `Config` of the recipe; the ends must be allowed values of its fields.

    Raises:
        ValueError: For an unknown flag, an empty range, or a value that the recipe refuses.

    Example:

    >>> from kerasrecipes import flags, search
    >>> [part.name for part in search.space_of(["batch_size=32,64"], flags.TrainingConfig)]
    ['batch_size']
    """
    fields = _fields(config_class)
    space = []
    for text in texts:
        name, kind, values = _split(text, "search", fields)
        if name in [found.name for found in space]:
            raise ValueError(f"Argument `search` must name each flag once. Received: {text}")
        found = _range(text, name, kind, values)
        for value in found.choices or (found.low, found.high):
            config_class(**{name: value})
        space.append(found)
    return tuple(space)


def settings_of(texts: Any, config_class: Any) -> Any:
    """Return {name: value} of texts such as `"epochs=3"`, flags of a recipe that stay.

    Args:
        texts: list of str, such as `"epochs=3"`.
        config_class: The `Config` of the recipe.

    Raises:
        ValueError: for an unknown flag, or a value that the recipe refuses.

    Example:

    >>> from kerasrecipes import flags, search
    >>> search.settings_of(["epochs=3"], flags.TrainingConfig)
    {'epochs': 3}
    """
    fields, settings = _fields(config_class), {}
    for text in texts:
        name, kind, value = _split(text, "fixed", fields)
        settings[name] = _parsed(text, "fixed", kind, value)
    config_class(**settings)
    return settings


def _fields(config_class):
    """Return the type of each field that a search may set."""
    hints = typing.get_type_hints(config_class)
    return {
        field.name: plain_type(hints[field.name])
        for field in dataclasses.fields(config_class)
        if field.name not in NEVER
    }


def _split(text, argument, fields):
    name, equals, values = text.partition("=")
    name = name.strip().lstrip("-").replace("-", "_")
    if not equals or not values:
        form = EXAMPLES if argument == "search" else "NAME=VALUE"
        raise ValueError(
            f"Argument `{argument}` must be of the form {form}. Received: {printable(text)}"
        )
    if name not in fields:
        close = difflib.get_close_matches(name, fields, 1)
        hint = f" (did you mean {close[0]}?)" if close else ""
        raise ValueError(
            f"Argument `{argument}` must name flags of the recipe{hint}. "
            f"Received: {printable(text)}"
        )
    return name, fields[name], values.strip()


def _range(text, name, kind, values):
    log = values.startswith("log:")
    ends = values.removeprefix("log:").split(":")
    if len(ends) == 1 and not log:
        choices = tuple(_parsed(text, "search", kind, value) for value in values.split(","))
        if len(set(choices)) < 2:
            raise ValueError(
                f"Argument `search` must have two choices or more. Received: {printable(text)}"
            )
        return Range(name, choices=choices)
    if len(ends) != 2 or kind not in (int, float):
        raise ValueError(
            f"Argument `search` must be of the form {EXAMPLES}, ranges of numbers only. "
            f"Received: {printable(text)}"
        )
    low, high = (_parsed(text, "search", kind, end) for end in ends)
    if not low < high or (log and low <= 0) or not math.isfinite(high - low):
        raise ValueError(
            "Argument `search` must have a range with LOW < HIGH"
            f"{', and LOW > 0 for a logarithm' * log}. Received: {printable(text)}"
        )
    return Range(name, low, high, log, integer=kind is int)


def _parsed(text, argument, kind, value):
    value = value.strip()
    try:
        return BOOLEANS[value.lower()] if kind is bool else kind(value)
    except (ValueError, KeyError) as error:
        what = {int: "an integer", float: "a number", bool: "true or false"}[kind]
        raise ValueError(
            f"Argument `{argument}` must have {what} for this flag. Received: {printable(text)}"
        ) from error
