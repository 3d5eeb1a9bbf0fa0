"""The texts of all messages of the package, for pages that quote them."""

import ast
import pathlib
import re

PACKAGE = pathlib.Path(__file__).parent.parent / "kerasrecipes"
QUOTED = re.compile(r"^\| (`+)(.+?)\1 \|", re.MULTILINE)


def texts():
    """Return each string of the package, with `…` for what is filled in."""
    found = []
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.JoinedStr):
                parts = (v.value if isinstance(v, ast.Constant) else "…" for v in node.values)
                found.append("".join(parts))
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                found.append(node.value)
    return found


def is_said(message, said):
    """Return whether some text of the package has all pieces of a quoted message, in order."""
    pieces = [piece.strip() for piece in message.split("…") if len(piece.strip()) > 2]
    pattern = re.compile(".*".join(map(re.escape, pieces)), re.DOTALL)
    return any(pattern.search(text) for text in said)


def quoted(page):
    """Return the messages that the tables of a page quote in their first cell."""
    _, _, tables = page.partition("## Messages")
    return [match[1] for match in QUOTED.findall(tables)]
