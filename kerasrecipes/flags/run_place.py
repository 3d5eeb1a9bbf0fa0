"""Checks where a run would read and write, before the slow imports."""

import os
import pathlib
from typing import Any

from kerasrecipes._image_sources import check_source_is_there
from kerasrecipes._printable import printable


def check_run_place(config: Any) -> None:
    """Raise where `data` is not there, or `output` cannot be the folder of a new run.

    Both are checked again, and thoroughly, when the run is opened.

    Args:
        config: a `RunConfig`.

    Raises:
        FileNotFoundError, ValueError: naming the path.
    """
    check_source_is_there(config.data)
    if config.output is None:
        return
    folder = pathlib.Path(config.output)
    there = next((one for one in (folder, *folder.parents) if os.path.lexists(one)), folder)
    if not there.is_dir() or not os.access(there, os.W_OK):
        raise ValueError(
            "Argument `output` must be a folder that can be written. "
            f"Received: output={printable(folder)}"
        )
    # Of several processes that train together, the first may have written there already.
    if (
        not config.resume
        and getattr(config, "devices", 1) == 1
        and (folder / "metrics.json").exists()
    ):
        raise not_new(folder)


def not_new(folder):
    """Return the error of a folder that a new run would overwrite."""
    return ValueError(
        "Argument `output` must be a new folder, or give --resume to resume the run in it. "
        f"Received: output={printable(folder)}, which is not empty"
    )
