"""What to do after a run, ready to be pasted."""

import os
import sys

from kerasrecipes._printable import printable, shell_word
from kerasrecipes.flags.called_as import command_of_script


def next_steps(folder, script=None):
    """Return lines that name what a run left, and the command that uses it.

    Args:
        folder: `pathlib.Path` of a finished run.
        script: path of the recipe, or `None` for the script that runs: `predict.py` is beside it.
    """
    lines = (
        [f"Report: {printable(folder / 'report.html')}"]
        if (folder / "report.html").exists()
        else []
    )
    if (folder / "model.keras").exists():
        lines.append(f"Model:  {printable(folder / 'model.keras')}")
        script = script or getattr(sys.modules["__main__"], "__file__", None) or ""
        predict = os.path.join(os.path.dirname(script), "predict.py")
        if os.path.exists(predict):
            command = f"{command_of_script(predict)} {shell_word(folder)} IMAGE"
            lines.append(f"Label images with it: {command}")
    return lines or [f"Everything about this run: {printable(folder)}"]
