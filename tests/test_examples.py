"""Every example of a public name runs when it is pasted into an empty session."""

import doctest
import importlib
import inspect
import signal

import keras
import matplotlib
import pytest

from tests.conftest import TENSORFLOW_ROOMS

matplotlib.use("Agg")
ROOMS = (
    "augment", "augment.functional", "callbacks", "data", "evaluation", "experiment", "flags",
    "inference", "initializers", "layers", "losses", "models", "ops", "optimizers", "preflight",
    "schedules", "search", "serving", "transfer",
)  # fmt: skip
OPTIONS = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS


def public():
    """Yield (room.name, object) of each public class and function once."""
    seen = set()
    for room in ROOMS:
        if room.split(".")[0] in TENSORFLOW_ROOMS and keras.backend.backend() != "tensorflow":
            continue
        module = importlib.import_module(f"kerasrecipes.{room}")
        for name in module.__all__:
            value = getattr(module, name)
            if (inspect.isclass(value) or inspect.isfunction(value)) and id(value) not in seen:
                seen.add(id(value))
                yield f"{room}.{name}", value


PUBLIC = dict(public())
EXAMPLES = {
    name: doctest.DocTestParser().get_doctest(value.__doc__, {}, name, None, 0)
    for name, value in PUBLIC.items()
    if ">>>" in (value.__doc__ or "")
}


@pytest.mark.parametrize("name", EXAMPLES)
@pytest.mark.slow
def test_an_example_needs_nothing_but_itself(name):
    output, handler = [], signal.getsignal(signal.SIGINT)
    doctest.DocTestRunner(optionflags=OPTIONS).run(EXAMPLES[name], out=output.append)
    signal.signal(signal.SIGINT, handler)  # `parse_first` changes that of a script, as this seems
    assert not output, "".join(output)


def test_every_public_name_says_what_it_is():
    assert [name for name, value in PUBLIC.items() if not (value.__doc__ or "").strip()] == []
