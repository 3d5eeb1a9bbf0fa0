"""A recipe by its name or file."""

import importlib.util
import pathlib
import sys
from typing import Any

from kerasrecipes._printable import printable
from kerasrecipes.flags import TrainingConfig


def recipe_of(name: str, folder: Any) -> Any:
    """Import a recipe, a script with a dataclass `Config` and a function `main(config)`.

    Args:
        name: str, the name of a script in `folder`, or the path of one.
        folder: Path of the folder of the recipes.

    Returns:
        The module.

    Raises:
        ValueError: If there is no such script, or it is no recipe.
    """
    path = pathlib.Path(name)
    if path.suffix != ".py":
        path = pathlib.Path(folder) / f"{name}.py"
    if not path.is_file():
        raise ValueError(
            "Argument `recipe` must be the name of a recipe or the path of one. "
            f"Received: recipe={printable(name)}"
        )
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module
    spec.loader.exec_module(module)
    if not issubclass(getattr(module, "Config", object), TrainingConfig):
        raise ValueError(
            "Argument `recipe` must be a script that trains, with a `Config` of `TrainingConfig` "
            f"and `main`. Received: recipe={printable(name)}"
        )
    return module
