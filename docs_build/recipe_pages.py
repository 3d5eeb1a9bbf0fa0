"""A page for each recipe: what it does, what it gave, its source."""

import ast
import pathlib

from docs_build import measured

RECIPES = pathlib.Path(__file__).parent.parent / "recipes"


def page_of(path):
    """Return the Markdown of a recipe's page."""
    source = path.read_text(encoding="utf-8")
    header = ast.get_docstring(ast.parse(source))
    lines = [f"# {path.stem}.py", "", header, ""]
    results = measured.rows_of_recipe(path.stem)
    if results:
        lines += ["## What it gave", "", results, ""]
    lines += ["## Source", "", "```python", source.rstrip(), "```", ""]
    return "\n".join(lines)


def pages():
    """Return {path under docs: Markdown} of all recipes."""
    return {f"recipes/{path.stem}.md": page_of(path) for path in sorted(RECIPES.glob("*.py"))}
