"""A parser of this package's docstrings, and of what the code that they describe does."""

import ast
import inspect
import re
import textwrap

HEADINGS = (
    "Args", "Call arguments", "Attributes", "Input shape", "Output shape", "Returns", "Yields",
    "Raises", "Example", "Reference",
)  # fmt: skip
ENTRY = re.compile(r"(?P<names>\*{0,2}\w+(?:, \*{0,2}\w+)*):(?:\s+(?P<text>.*))?$")
NAMES_GO_ON = re.compile(r",\n\s+(?=\w+(, \w+)*:)")
LINK = re.compile(r"https?://\S+|doi:\S+")
YEAR = re.compile(r"\b(19|20)\d\d\b")


class Docstring:
    """The parts of a docstring.

    Attributes:
        summary: str, the first paragraph.
        sections: dict from a heading to its text.
    """

    def __init__(self, text):
        self.text = inspect.cleandoc(text or "")
        self.summary = self.text.split("\n\n")[0]
        self.sections = {}
        heading = None
        for line in self.text.splitlines():
            name, colon, rest = line.partition(":")
            if colon and name in HEADINGS:
                heading = name
                self.sections[heading] = f"    {rest.strip()}\n" if rest.strip() else ""
            elif line.startswith(">>>") or (line and line[0] != " " and heading != "Example"):
                heading = None
            elif heading:
                self.sections[heading] += line + "\n"

    def entries(self, heading):
        """Return what a section of names says: dict from a name to its text."""
        found, names = {}, []
        text = NAMES_GO_ON.sub(", ", textwrap.dedent(self.sections.get(heading, "")))
        for line in text.splitlines():
            entry = ENTRY.match(line)
            if entry:
                names = [name.strip("*") for name in entry["names"].split(", ")]
                found.update(dict.fromkeys(names, entry["text"] or ""))
            elif line.strip():
                for name in names:
                    found[name] += " " + line.strip()
        return found

    @property
    def has_source(self):
        """Whether a work is cited, in a section of its own or in the text by year and link."""
        linked = LINK.search(self.text) and YEAR.search(self.text)
        return bool(linked or self.sections.get("Reference", "").strip())

    @property
    def has_example(self):
        return ">>>" in self.text


def raised(value):
    """Return the names of the exceptions that a function, or a class when it is made, raises."""
    names = set()
    for function in _bodies(value):
        (tree,) = ast.parse(textwrap.dedent(inspect.getsource(function))).body
        for node in _own_nodes(tree):
            if isinstance(node, ast.Raise) and node.exc is not None:
                names.add(_name(node.exc))
            elif isinstance(node, ast.Call) and _name(node).startswith("check_"):
                names.add("ValueError")
    return {name for name in names if name.endswith(("Error", "Finished", "Ended"))}


def _own_nodes(tree):
    """Yield the nodes of a function without those of functions inside it."""
    for child in ast.iter_child_nodes(tree):
        yield child
        if not isinstance(child, (ast.FunctionDef, ast.Lambda)):
            yield from _own_nodes(child)


def _bodies(value):
    if not inspect.isclass(value):
        return [value]
    methods = (vars(value).get(name) for name in ("__init__", "__post_init__"))
    return [method for method in methods if inspect.isfunction(method) and _has_source(method)]


def _has_source(function):
    return function.__code__.co_filename != "<string>"  # that of a dataclass has none


def _name(node):
    node = node.func if isinstance(node, ast.Call) else node
    return node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")
