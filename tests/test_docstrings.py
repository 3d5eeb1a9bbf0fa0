"""Every public name says what it is for, what it takes, gives and raises, shows it, and cites."""

import ast
import dataclasses
import inspect
import pathlib
import re
from typing import NoReturn

import keras
import pytest

from tests.docstring_reasons import SHOWN_BY, WITHOUT_SOURCE
from tests.docstrings import Docstring, raised
from tests.test_examples import PUBLIC

ROOT = pathlib.Path(__file__).parent.parent
LONGEST = 100
TYPE = re.compile(
    r"\b(int|ints|float|floats|bool|str|strings?|bytes|number|numbers|scalar|dict|list|tuple|pair|"
    r"sequence|iterable|arrays?|tensors?|images?|batch|batches|labels|path|folder|files?|function|"
    r"callable|object|class|classes|model|models|layer|layers|optimizer|schedule|loss|metrics|"
    r"data set|data|dataset|source|seed|generator|callbacks?|figure|transforms?|stream|config|"
    r"dataclass|initializer|regularizer|constraint|argument|arguments|module|None)\b|`[\w.]+`|`\"|\([\w.]+,",
    re.IGNORECASE,
)
ANY = inspect.Parameter.empty


def parameters(value):
    """The arguments that a user gives: name to default."""
    if not inspect.isclass(value) or "__init__" in vars(value) or not issubclass(value, Exception):
        try:
            found = inspect.signature(value).parameters.values()
        except ValueError:
            return {}
        return {one.name: one.default for one in found if one.kind is not one.VAR_POSITIONAL}
    return {}


def _helps(value):
    """The help of the flags of a configuration: text, with type and default, by name."""
    fields = dataclasses.fields(value) if dataclasses.is_dataclass(value) else ()
    return {one.name: f"{one.type}: {one.metadata['help']}" for one in fields if one.metadata}


def is_result(value):
    """Whether an object of the class is given by a function, which documents how it is made."""
    return inspect.isclass(value) and (
        dataclasses.is_dataclass(value) or issubclass(value, tuple) or issubclass(value, Exception)
    )


def summary(value, text, name):
    line = text.text.split("\n")[0]
    if not line.endswith(".") or len(line) > LONGEST or text.summary != line:
        yield f"the summary is not one line that ends with a full stop: {line!r}"


def arguments(value, text, name):
    said = {**_helps(value), **text.entries("Attributes"), **text.entries("Args")}
    expected = parameters(value)
    for argument, default in expected.items():
        if argument not in said:
            yield f"argument {argument} is not documented"
            continue
        if argument == "kwargs":
            continue
        if not TYPE.search(said[argument]):
            yield f"argument {argument} has no type"
        shown = f"`{default!r}`" if default is not ANY else None
        if default is ANY or is_result(value) or "s in `keras" in said[argument]:
            continue
        if "efault" not in said[argument] and shown not in said[argument]:
            yield f"argument {argument} has no default"
    for argument in text.entries("Args"):
        if argument not in expected and "kwargs" not in expected:
            yield f"there is no argument {argument}"


def results(value, text, name):
    if inspect.isclass(value):
        if issubclass(value, keras.layers.Layer) and not issubclass(value, keras.Model):
            for heading in ("Input shape", "Output shape"):
                if heading not in text.sections:
                    yield f"it has no section {heading}"
        return
    returns = inspect.signature(value).return_annotation not in (None, NoReturn)
    says = "Returns" in text.sections or "Yields" in text.sections
    if returns and not says and not text.summary.startswith(("Return ", "Yield ")):
        yield "it does not say what it returns"


def errors(value, text, name):
    said = text.sections.get("Raises", "")
    for error in sorted(raised(value)):
        if error not in said:
            yield f"it does not say that it raises {error}"


def example(value, text, name):
    shown_by = SHOWN_BY.get(name)
    if not text.has_example and not shown_by:
        yield "it has no example"
    if text.has_example and shown_by:
        yield "it has an example: take it out of SHOWN_BY"
    if shown_by and not _shows(shown_by, name.rpartition(".")[2]):
        yield f"{shown_by} does not show it"


def _shows(place, name):
    """Whether a public name has an example, or a file uses the name."""
    if not place.endswith(".py"):
        return Docstring(PUBLIC[place].__doc__).has_example
    nodes = ast.walk(ast.parse((ROOT / place).read_text(encoding="utf-8")))
    return any(name in (getattr(node, "attr", ""), getattr(node, "id", "")) for node in nodes)


def source(value, text, name):
    reasons = [reason for reason, names in WITHOUT_SOURCE.items() if _is_in(name, names)]
    if not text.has_source and not reasons:
        yield "it cites nothing: name the paper, or the reason in WITHOUT_SOURCE"
    if text.has_source and name in sum(WITHOUT_SOURCE.values(), ()):
        yield f"it cites a work: take it out of WITHOUT_SOURCE ({reasons[0]})"


def _is_in(name, names):
    return any(name == one or one.endswith(".") and name.startswith(one) for one in names)


RULES = (summary, arguments, results, errors, example, source)


@pytest.mark.parametrize("name", PUBLIC)
def test_a_docstring_says_everything(name):
    text = Docstring(PUBLIC[name].__doc__)
    problems = [problem for rule in RULES for problem in rule(PUBLIC[name], text, name)]
    assert not problems, f"{name}: " + "; ".join(problems)


@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="rooms need TensorFlow")
def test_the_lists_name_what_there_is():
    listed = {*SHOWN_BY, *sum(WITHOUT_SOURCE.values(), ())}
    assert {name for name in listed if not name.endswith(".")} <= set(PUBLIC)


BROKEN = """Does something

    Args:
        rate: in [0, 1).
        nothing: int.

    Raises:
        TypeError: never.
    """


def test_an_incomplete_docstring_is_found():
    def function(rate: float = 0.5, seed: int = 0) -> int:
        if not 0 <= rate < 1:
            raise ValueError(rate)
        return seed

    function.__doc__ = BROKEN
    text = Docstring(BROKEN)
    found = [problem for rule in RULES for problem in rule(function, text, "layers.function")]
    assert [problem.split(":")[0] for problem in found] == [
        "the summary is not one line that ends with a full stop",
        "argument rate has no type",
        "argument rate has no default",
        "argument seed is not documented",
        "there is no argument nothing",
        "it does not say what it returns",
        "it does not say that it raises ValueError",
        "it has no example",
        "it cites nothing",
    ]
