"""A break of the code, and the tables of all rooms.

A module beside this one is a room's table: it holds `BREAKS`, a list of `Break`.
"""

import dataclasses
import importlib
import pathlib


@dataclasses.dataclass(frozen=True)
class Break:
    """A wrong piece of source, and the tests that must fail on it."""

    subject: str  # the class or function whose behaviour it spoils
    fault: str  # in words
    path: str  # below kerasrecipes/
    right: str  # found there exactly once
    wrong: str
    tests: str  # pytest's arguments, below tests/
    backend: str = ""  # the one that alone runs it; else Keras's own choice

    @property
    def test_file(self):
        """The file of its tests, below tests/."""
        return self.tests.split()[0].split("::")[0]


def rooms():
    """Return {room: its breaks}."""
    found = {}
    for path in sorted(pathlib.Path(__file__).parent.glob("*.py")):
        if path.stem not in ("__init__", "table"):
            found[path.stem] = importlib.import_module(f"tests.breaks.{path.stem}").BREAKS
    return found
