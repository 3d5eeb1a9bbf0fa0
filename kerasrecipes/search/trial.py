"""One trial: a training of the recipe with its settings, which goes on where it was killed."""

import contextlib
import csv
import dataclasses
import gc
import math
from typing import Any

import keras

from kerasrecipes._backend.out_of_memory import is_out_of_memory
from kerasrecipes.callbacks import _interruption
from kerasrecipes.experiment import watching
from kerasrecipes.flags.machine_errors import one_line


@dataclasses.dataclass(frozen=True)
class Outcome:
    """How a trial ended.

    Attributes:
        state: `"complete"`, `"pruned"`, `"failed"`, or `"interrupted"` by a signal: to go on.
        value: float, the metric of the last epoch; `None` if there is none.
        reason: str, why it failed.
    """

    state: str
    value: float | None = None
    reason: str = ""


class _Ended(Exception):
    """Raised after an epoch: the trial has told what it is for."""


def run_trial(
    recipe: Any, base: Any, settings: dict[str, Any], metric: str, log: Any, report: Any
) -> Outcome:
    """Train a recipe up to the metric of its last epoch. What it prints goes into a file.

    Nothing is tested: a search that looks at the test set has chosen by it.

    Args:
        recipe: Module of the recipe.
        base: Its `Config` with what stays.
        settings: dict, the fields of this trial: what was drawn, `output`, the folder of the trial,
            and `resume=True`.
        metric: str, the name in the logs of an epoch.
        log: Path of the file of what is printed.
        report: Function of epoch and value that returns whether to stop the trial early.

    Returns:
        The `Outcome`; settings that do not go together, and running out of memory, are one too,
        `"failed"`.

    Raises:
        ValueError: if the logs of an epoch have no such metric.
    """
    try:
        config = dataclasses.replace(base, **settings)
    except ValueError as error:
        return Outcome("failed", reason=str(error))
    seen = []

    def after_epoch(epoch, logs=None):
        if _interruption.has_come():
            return
        if metric not in (logs or {}):
            raise ValueError(
                f"Argument `metric` must be one of {', '.join(sorted(logs or {}))}. "
                f"Received: metric={metric}"
            )
        finite = all(math.isfinite(float(logs.get(name, 0))) for name in ("loss", "val_loss"))
        seen.append(float(logs[metric]) if finite else math.nan)
        if not math.isfinite(seen[-1]) or report(epoch, seen[-1]) or epoch + 1 == config.epochs:
            raise _Ended(epoch)

    try:
        with (
            open(log, "a", encoding="utf-8", buffering=1) as file,
            contextlib.redirect_stdout(file),
            watching(after_epoch),
        ):
            result = recipe.main(config)
    except _Ended as ended:
        return _outcome(seen[-1], ended.args[0] + 1 == config.epochs)
    except (MemoryError, RuntimeError, OSError) as error:
        if not is_out_of_memory(error):
            raise
        return Outcome("failed", reason=one_line(error, config))
    finally:
        keras.utils.clear_session(free_memory=False)
        gc.collect()
    if result.get("interrupted"):
        return Outcome("interrupted")
    return _of_finished(config, metric, seen)


def _outcome(value, is_last):
    if not math.isfinite(value):
        return Outcome("failed", reason="training diverged")
    return Outcome("complete" if is_last else "pruned", value)


def _of_finished(config, metric, seen):
    """The outcome of a run that was killed between its last epoch and the search's note of it."""
    with open(f"{config.output}/history.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    value = seen[-1] if seen else float(rows[-1][metric]) if rows else math.nan
    return _outcome(value, True)


def trial_line(trial: Any, outcome: Outcome, metric: str, trials: int) -> str:
    """Return a finished trial in a line: its number, metric and settings, and how it ended.

    Args:
        trial: `optuna` trial.
        outcome: Its `Outcome`.
        metric: str.
        trials: int, how many there are to be.
    """
    words = [
        f"{name} {value:.3e}" if isinstance(value, float) else f"{name} {value}"
        for name, value in trial.params.items()
    ]
    value = "none" if outcome.value is None else f"{outcome.value:.4f}"
    note = {"pruned": "stopped early", "failed": f"failed: {outcome.reason}"}.get(outcome.state)
    line = f"({trial.user_attrs['index'] + 1}/{trials}) {metric} {value}: {', '.join(words)}"
    return f"{line} ({note})" if note else line
