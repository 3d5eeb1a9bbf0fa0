"""Formulas of pages: LaTeX in a fenced block becomes MathML."""

from latex2mathml.converter import convert


def fence(source, language, css_class, options, md, **kwargs):
    """Return the HTML of a block of formulas, one a line, as `pymdownx.superfences` asks for it."""
    lines = [convert(line, display="block") for line in source.splitlines() if line.strip()]
    return f'<div class="{css_class}">{"".join(lines)}</div>'
