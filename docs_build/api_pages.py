"""A page of the API for each room: every name of its `__all__`, from its docstring."""

import ast
import pathlib
import re

PACKAGE = pathlib.Path(__file__).parent.parent / "kerasrecipes"
# Modules that are public names of a room, and have a page of their own.
MODULES = {"augment": ("functional",)}


def rooms():
    """Return {room: its public names}, in the order of their names; `augment.functional` too."""
    found = {}
    for path in sorted(PACKAGE.glob("*/__init__.py")):
        room = path.parent.name
        if not room.startswith("_"):
            found[room] = names_of(path)
            for module in MODULES.get(room, ()):
                found[f"{room}.{module}"] = names_of(path.parent / module / "__init__.py")
    return found


def names_of(path):
    """Return the names in `__all__` of a module, which is a literal."""
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Assign) and node.targets[0].id == "__all__":
            return sorted(ast.literal_eval(node.value), key=str.lower)
    raise ValueError(f"No `__all__` in {path}.")


def page_of(room, names):
    """Return the Markdown of a room's page: what it is for, then each name."""
    path = PACKAGE.joinpath(*room.split("."), "__init__.py")
    about = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))
    # A name's line below the heading of its kind becomes an item of a list.
    about = re.sub(
        r"^    (?=`)",
        "- ",
        re.sub(r"^(\w+)\n    ", r"**\1**\n\n    ", about, flags=re.M),
        flags=re.M,
    )
    submodules = set(MODULES.get(room, ()))
    lines = [f"# `kerasrecipes.{room}`", "", about, ""]
    for name in names:
        if name in submodules:
            lines += [f"## `{name}`", "", f"[Its own page]({room}.{name}.md).", ""]
        else:
            lines += [f"::: {identifier(room, name)}", "    options:", f"      heading: {name}", ""]
    return "\n".join(lines)


def identifier(room, name):
    """Return the path of a public name, which is its anchor on the page.

    A function whose file has its name is found in that file: the room's name of it is taken for the
    module when code is read without being run.
    """
    file = PACKAGE.joinpath(*room.split("."), f"{name}.py")
    return (
        f"kerasrecipes.{room}.{name}.{name}"
        if is_own_file(file, name)
        else f"kerasrecipes.{room}.{name}"
    )


def is_own_file(file, name):
    """Return whether there is such a file that defines the name."""
    if not file.exists():
        return False
    body = ast.parse(file.read_text(encoding="utf-8")).body
    return any(getattr(node, "name", None) == name for node in body)


def index(found):
    """Return the page that lists all rooms and names, each a link."""
    lines = [
        "# API",
        "",
        "Every public name, by room. `from kerasrecipes import layers`, for one.",
        "",
    ]
    lines += ["| Room | Names |", "|---|---|"]
    for room, names in found.items():
        links = (f"[`{n}`]({room}.md#{identifier(room, n)})" for n in names)
        plain = (f"`{n}`" for n in names)
        submodules = MODULES.get(room, ())
        cells = [p if n in submodules else link for n, p, link in zip(names, plain, links)]
        lines.append(f"| [`{room}`]({room}.md) | {', '.join(cells)} |")
    return "\n".join(lines) + "\n"


def pages():
    """Return {path under docs: Markdown} of all pages of the API."""
    found = rooms()
    made = {f"api/{room}.md": page_of(room, names) for room, names in found.items()}
    return {"api/index.md": index(found), **made}
