"""Formulas of pages: LaTeX in a fenced block becomes MathML."""

import re

from latex2mathml.converter import convert

COMMAND = re.compile(r"(\\text\{[^}]*\}|\\mathrm\{[^}]*\}|\\[A-Za-z]+)")


def fence(source, language, css_class, options, md, **kwargs):
    """Return the HTML of a block of formulas, one a line, as `pymdownx.superfences` asks for it."""
    lines = [convert(upright(line), display="block") for line in source.splitlines() if line]
    return f'<div class="{css_class}">{"".join(lines)}</div>'


def upright(formula):
    """Set names of three letters or more upright: else they read as products of letters."""
    parts = COMMAND.split(formula)
    parts[::2] = (re.sub(r"[A-Za-z]{3,}", r"\\mathrm{\g<0>}", part) for part in parts[::2])
    return "".join(parts)
