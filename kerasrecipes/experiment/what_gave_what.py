"""What each part of a recipe gives: its stored ablation, as a table of the report."""

import json
import pathlib
import sys
from typing import Any

from kerasrecipes.experiment.ablation import HEADER, compared


def what_gave_what(config: Any, data: str) -> list[tuple[str, tuple[str, ...], list[list[str]]]]:
    """Return the table of a recipe's stored ablation, in a list.

    Args:
        config: the recipe's `Config`, whose file has the folder `results/ablation` beside it.
        data: str, the name of the images of the run.

    Returns:
        list of one (heading, header, rows); empty if no ablation of this recipe is stored, or if it
        was measured on other images than `data`.
    """
    script = getattr(sys.modules.get(type(config).__module__), "__file__", None)
    if script is None:  # a notebook's
        return []
    recipe = pathlib.Path(script)
    path = recipe.parent / "results" / "ablation" / f"{recipe.stem}.json"
    if not path.is_file():
        return []
    stored = json.loads(path.read_text())
    if stored["data"] != data:
        return []
    return [(f"What gave what, by {stored['command']}", HEADER, compared(stored["ablation"])[0])]
