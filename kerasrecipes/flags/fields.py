"""Fields of a dataclass that are flags of a command line."""

import dataclasses
import types
import typing
from collections.abc import Sequence
from typing import Any

from kerasrecipes._validation import check_boolean, check_choice, check_integer, check_number


def flag(
    default: Any,
    text: str,
    interval: str | None = None,
    choices: Sequence[str] | None = None,
    many: bool = False,
) -> Any:
    """Return a field of a `Config`, with the default, help and allowed values of its flag.

    Args:
        default: int, float, bool, str or `None`, the value of the field.
        text: str, help of the flag, with the unit.
        interval: str such as `"[0, 1)"`, the range of a number, or `None`.
        choices: Tuple of strings, the allowed values, or `None`.
        many: bool, whether it takes one or more strings. Defaults to `False`.

    Example:

    >>> import dataclasses
    >>> from kerasrecipes_flags import TrainingConfig, flag
    >>> @dataclasses.dataclass(frozen=True, kw_only=True)
    ... class Config(TrainingConfig):
    ...     rate: float = flag(0.5, "fraction of the units that are dropped", "[0, 1)")
    >>> Config(rate=2.0)
    Traceback (most recent call last):
    ValueError: Argument `rate` must be in [0, 1). Received: rate=2.0
    """
    metadata = {"help": text, "interval": interval, "choices": choices, "many": many}
    return dataclasses.field(default=default, metadata=metadata)


def positional(text: str, many: bool = False) -> Any:
    """Return a field of a `Config` that is a positional argument without a default.

    Args:
        text: str, help of the argument.
        many: bool, whether it is a list of one or more strings. Defaults to `False`.

    Example:

    >>> import dataclasses
    >>> from kerasrecipes_flags import positional
    >>> @dataclasses.dataclass
    ... class Config:
    ...     image: list = positional("image files", many=True)
    >>> Config(["a.jpg"]).image
    ['a.jpg']
    """
    return dataclasses.field(metadata={"help": text, "positional": "+" if many else None})


def plain_type(hint):
    """Return `int` for `int | None`.

    >>> plain_type(float | None)
    <class 'float'>
    """
    if isinstance(hint, types.UnionType):
        return next(kind for kind in typing.get_args(hint) if kind is not types.NoneType)
    return hint


def check_fields(config: Any) -> None:
    """Raise unless every field created by `flag` has an allowed value.

    Args:
        config: a dataclass with fields created by `flag`.

    Raises:
        ValueError: if a value is out of its range or none of the choices.
        TypeError: if a value is of another type than its field.

    Example:

    >>> import dataclasses
    >>> from kerasrecipes_flags import check_fields, flag
    >>> @dataclasses.dataclass
    ... class Config:
    ...     epochs: int = flag(10, "epochs of training", "[1, 1000]")
    >>> check_fields(Config(epochs=0))
    Traceback (most recent call last):
    ValueError: Argument `epochs` must be in [1, 1000]. Received: epochs=0
    """
    hints = typing.get_type_hints(type(config))
    for field in dataclasses.fields(config):
        if "positional" not in field.metadata:
            _check(field, plain_type(hints[field.name]), getattr(config, field.name))


def check_effect(config: Any, **needs: str) -> None:
    """Raise where a field is not its default, but has no effect.

    Args:
        config: a dataclass with fields created by `flag`.
        needs: the name of such a field = the name of the field that it needs, which is off where it
            is `False`, `None`, 0 or `"none"`.

    Raises:
        ValueError: naming the field and the one that it needs.

    Example:

    >>> import dataclasses
    >>> from kerasrecipes_flags import check_effect, flag
    >>> @dataclasses.dataclass
    ... class Config:
    ...     mix: str = flag("none", "how images are mixed")
    ...     alpha: float = flag(1.0, "strength of mixing")
    >>> check_effect(Config(mix="cutmix", alpha=0.5), alpha="mix")
    """
    for name, needed in needs.items():
        value = getattr(config, needed)
        is_off = value in (False, None, "none")
        if is_off and getattr(config, name) != getattr(type(config), name):
            raise ValueError(f"Argument `{name}` needs `{needed}`. Received: {needed}={value!r}")


def _check(field, kind, value):
    if value is None and field.default is None:
        return
    interval, choices = field.metadata["interval"], field.metadata["choices"]
    if kind is bool:
        check_boolean(field.name, value)
    elif choices:
        check_choice(field.name, value, choices)
    elif kind is int:
        check_integer(field.name, value, interval or "(-inf, inf)")
    elif kind is float:
        check_number(field.name, value, interval or "(-inf, inf)")
