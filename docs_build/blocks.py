"""Blocks of a page that stand for something made from the repository."""

import pathlib
import re

from docs_build import ablated, gallery, included, measured, speeds

ROOT = pathlib.Path(__file__).parent.parent
KINDS = "measured|ablation|claim|speeds|include|source|grids"
BLOCK = re.compile(rf"^```({KINDS})\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def expanded(markdown, page):
    """Return a page with what its blocks stand for: tables of results, files."""
    return BLOCK.sub(lambda match: replaced(*match.groups(), page), markdown)


def replaced(kind, body, page):
    """Return the Markdown that a block stands for."""
    if kind == "measured":
        return measured.gain(body, page)
    if kind == "ablation":
        return ablated.ablated(body, page)
    if kind == "claim":
        return measured.claim(body.strip(), page)
    if kind == "grids":
        return gallery.grids()
    if kind == "speeds":
        return speeds.table(body.strip())
    if kind == "source":
        return f"```python\n{(ROOT / body.strip()).read_text(encoding='utf-8')}```"
    return included.included(body.strip(), page)
