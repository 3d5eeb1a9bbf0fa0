"""A run that is resumed keeps its configuration."""

import dataclasses
import json
from typing import Any

from kerasrecipes._backend.processes import by_first
from kerasrecipes._printable import printable

MAY_CHANGE = (
    "output",
    "resume",
    "tensorboard",
    "strict",
    "keep_going",
    "preflight",
    "dry_run",
    "preset",
    "devices",
    "strategy",
)


def check_same_configuration(folder: Any, recipe: str, config: Any) -> None:
    """Raise a `ValueError` unless a folder holds a run of this recipe and configuration.

    Args:
        folder: `RunFolder`.
        recipe: str, name of the recipe.
        config: the `RunConfig`. A flag that the stored run did not have counts as its default.
    """
    place = printable(folder.path)
    if not by_first((folder.path / "config.json").exists):
        raise ValueError(
            "Argument `output` must be the folder of a run to resume. "
            f"Received: output={place}, which has no config.json"
        )
    stored = folder.read("config.json", "recipe", "config")
    if stored["recipe"] != recipe:
        raise ValueError(
            f"The run in {place} is of the recipe {stored['recipe']}. Received: {recipe}"
        )
    ours = json.loads(json.dumps(dataclasses.asdict(config)))
    defaults = {field.name: field.default for field in dataclasses.fields(config)}
    for name in ours.keys() - set(MAY_CHANGE):
        before = stored["config"].get(name, defaults[name])
        if before != ours[name]:
            raise ValueError(
                f"The run in {place} was started with {name}={before!r}: a resumed run keeps its "
                f"configuration. Received: {name}={ours[name]!r}"
            )
