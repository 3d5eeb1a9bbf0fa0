"""Extension of griffe: docstrings get the headings and code blocks that a page needs."""

import re
import textwrap

import griffe

SHARED = re.compile(r"^    (\w+(?:,\s+\w+)+):\s", re.MULTILINE)
HEADING = re.compile(r"^(Example|Input shape|Output shape|Call arguments|Reference):\s*(.*)$")


class DocstringSections(griffe.Extension):
    """Rewrites each docstring before it is parsed."""

    def on_object(self, *, obj, **kwargs):
        """Rewrite the docstring of an object that was just read."""
        if obj.docstring:
            obj.docstring.value = rewritten(obj.docstring.value)


def rewritten(text):
    """Return a docstring in Markdown where the parser of its arguments knows no section.

    `Example:` and its like become bold headings, their indented lines move to the margin, and
    what a session of Python shows becomes a block of code. Arguments that share one line of `Args`
    get a line each.
    """
    text = re.sub(r"\n(?=(?:Input shape|Output shape|Reference):)", "\n\n", _fenced(text))
    blocks = re.split(r"\n\n+", text)
    return "\n\n".join(_headed(_apart(block)) for block in blocks)


def _apart(block):
    """Repeat the line of several arguments for each of them."""
    if not block.startswith("Args:\n"):
        return block
    entries = re.split(r"\n(?=    \S)", block)
    lines = [entries[0]]
    for entry in entries[1:]:
        shared = SHARED.match(entry)
        if not shared:
            lines.append(entry)
            continue
        rest = entry[shared.end() :]
        lines += [f"    {name}: {rest}" for name in re.split(r",\s+", shared.group(1))]
    return "\n".join(lines)


def _headed(block):
    lines = block.split("\n")
    heading = HEADING.match(lines[0])
    if not heading:
        return block
    name, first = heading.groups()
    body = "\n".join(filter(None, [first, textwrap.dedent("\n".join(lines[1:]))]))
    return f"**{name}**\n\n{body}".rstrip()


def _fenced(text):
    """Put each block of lines that begins with `>>>` into a fence."""
    blocks = re.split(r"(\n\n+)", text)
    return "".join(
        f"```pycon\n{textwrap.dedent(block)}\n```" if block.lstrip().startswith(">>>") else block
        for block in blocks
    )
