"""What each part of a recipe gives: its stored ablation, as a table of the report."""

import dataclasses
import json
import pathlib
import sys
from typing import Any

from kerasrecipes.experiment.ablation import HEADER, compared

IDENTITY = ("output", "resume", "seed", "tensorboard")  # in which runs of one training differ
MAY_DIFFER = {*IDENTITY, "ablate", "seeds", "export", "preflight", "jit", "keep_going"}


def what_gave_what(config: Any) -> list[tuple[str, tuple[str, ...], list[list[str]]]]:
    """Return the table of a recipe's stored ablation, in a list.

    Args:
        config: the recipe's `Config`, whose file has the folder `results/ablation` beside it.

    Returns:
        list of one (heading, header, rows); empty if no ablation of this recipe is stored, or if it
        was measured on other images or with other settings than `config`.
    """
    script = getattr(sys.modules.get(type(config).__module__), "__file__", None)
    if script is None:  # a notebook's
        return []
    recipe = pathlib.Path(script)
    path = recipe.parent / "results" / "ablation" / f"{recipe.stem}.json"
    if not path.is_file():
        return []
    stored = json.loads(path.read_text())
    if not _same_settings(config, stored["config"]):
        return []
    heading = f"What each part gives: the changes without it, by {stored['command']}"
    return [(heading, HEADER, compared(stored["ablation"])[0])]


def _same_settings(config, stored):
    """Return whether a run trains as the ablation did; a newer flag must have its default."""
    fields = [field for field in dataclasses.fields(config) if field.name not in MAY_DIFFER]
    return all(
        getattr(config, field.name) == stored.get(field.name, field.default) for field in fields
    )
