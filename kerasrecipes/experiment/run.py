"""One run of a recipe: its folder, its callbacks, and what stops it."""

import contextlib
import dataclasses
import importlib.util
import json
import math
import os
import sys
from collections.abc import Iterator
from typing import Any

import keras

from kerasrecipes._backend.processes import by_first, is_first, sharing_memory
from kerasrecipes._printable import shell_word
from kerasrecipes.callbacks import Resume
from kerasrecipes.experiment.clock import Clock
from kerasrecipes.experiment.device import configure
from kerasrecipes.experiment.divergence import Divergence
from kerasrecipes.experiment.dry_run import DryRun
from kerasrecipes.experiment.interruption import Interruption
from kerasrecipes.experiment.losses_sentence import losses_sentence
from kerasrecipes.experiment.memory_check import MemoryCheck
from kerasrecipes.experiment.next_steps import next_steps
from kerasrecipes.experiment.preflight_check import PreflightCheck
from kerasrecipes.experiment.progress import Progress
from kerasrecipes.experiment.provenance import command_of, versions
from kerasrecipes.experiment.replicas import Replicas
from kerasrecipes.experiment.run_folder import RunFolder
from kerasrecipes.experiment.same_configuration import check_same_configuration
from kerasrecipes.experiment.scaled_rate import ScaledRate
from kerasrecipes.experiment.watching import watchers
from kerasrecipes.flags import RunFinished
from kerasrecipes.flags.run_place import not_new

# What several devices do otherwise than one, in the words of `Resume`, with the same result.
CHANGE_WITH_DEVICES = ("synchronized", "metrics", "weighted_metrics")


@contextlib.contextmanager
def run(config: Any, recipe: str) -> Iterator[Any]:
    """Open the folder of a run, and close it whatever happens in between.

    Seed and precision are set and said; the folder is made, so that no other process can take it.
    If the block raises before anything could be resumed, the folder is removed again. The block
    must end with `close_run` (or `close_fine_tuning`, or `Comparison.close`).

    Args:
        config: a `RunConfig`, of a training a `TrainingConfig`.
        recipe: str, name of the recipe.

    Returns:
        A context manager that gives a `Run`.

    Raises:
        RunFinished: if `--resume` finds a finished run: nothing is to be done, and nothing is
            changed. `command_line` exits with status 0.
        ValueError: if the folder holds another run, one of another configuration, or one that
            another process is in the middle of.
        OSError: if the folder cannot be written.
        RuntimeError: if the block ends without closing the run.

    Example:

    >>> import contextlib, io, tempfile
    >>> from kerasrecipes import experiment
    >>> config = experiment.TrainingConfig(output=tempfile.mkdtemp())
    >>> with contextlib.redirect_stdout(io.StringIO()):
    ...     with experiment.run(config, "resnet_crop") as run:
    ...         run.close(run.metrics_of({"accuracy": 0.5}))
    >>> run.metrics()["test"]
    {'accuracy': 0.5}
    """
    opened = Run(config, recipe)
    with contextlib.ExitStack() as stack:
        opened.open()
        if not is_first():
            nowhere = stack.enter_context(open(os.devnull, "w"))
            stack.enter_context(contextlib.redirect_stdout(nowhere))
        yield from _opened(opened)


def _opened(opened):
    try:
        yield opened
        if not opened.closed:
            raise RuntimeError("A run ends with `close_run`, which writes `metrics.json`.")
    except BaseException as error:
        opened.give_up(error)
        raise
    finally:
        opened.release()


class Run:
    """What a recipe knows of its run; `run` opens and closes it.

    Attributes:
        config: the `RunConfig` or `TrainingConfig`.
        recipe: str, name of the recipe.
        folder: `pathlib.Path` of the run.
        start_step: int, the training step that the data begin with: 0 unless resumed.
        jit: bool, for `model.compile(jit_compile=...)`.
        replicas: `Replicas`, the devices that share each batch.
        closed: bool, whether `metrics.json` is written.
    """

    def __init__(self, config: Any, recipe: str) -> None:
        self.config = config
        self.recipe = recipe
        self.closed = False
        self._folder = RunFolder(config.output, recipe)
        self._interruption = Interruption()
        self._divergence = Divergence(getattr(config, "keep_going", False))
        self._tests_were_cut = False
        self._clock = Clock()

    @property
    def folder(self) -> Any:
        return self._folder.path

    @property
    def interrupted(self) -> bool:
        """Whether a signal ended the training or the tests."""
        return self._interruption.interrupted or self._tests_were_cut

    @property
    def interruption(self) -> str | None:
        """A sentence on what a signal stopped, training or tests, or `None`."""
        if self._interruption.interrupted:
            return "Stopped by a signal before the end of its last epoch."
        if self._tests_were_cut:
            return "All epochs are trained; a signal stopped the tests, of which some are missing."
        return None

    @property
    def diverged(self) -> str | None:
        """A sentence on where training diverged, or `None`."""
        return self._divergence.sentence

    def open(self) -> None:
        """Check what the folder holds, make it, and set up the device."""
        self.replicas = Replicas(self.config)  # before TensorFlow and JAX see their devices
        if self._folder.holds_files():
            self._check_resumable()
        self._folder.acquire()
        try:
            wants_logs = getattr(self.config, "tensorboard", False)
            if wants_logs and importlib.util.find_spec("tensorboard") is None:
                raise ImportError("--tensorboard needs TensorBoard: pip install tensorboard")
            self._resume = Resume(self.folder / "state", allow=("keep_going", *CHANGE_WITH_DEVICES))
            self.start_step = self._resume.step
            self.jit, choice = configure(self.config)
            self._folder.write_config(
                {"recipe": self.recipe, "config": dataclasses.asdict(self.config)}
            )
        except BaseException:
            self._folder.abandon()
            raise
        if is_first():
            print(choice)

    def give_up(self, error: BaseException) -> None:
        """Leave nothing of a run that did not begin; say how to resume one that did."""
        if not self._folder.has_state():
            self._folder.abandon()
        elif isinstance(error, KeyboardInterrupt):
            print(
                f"\nTo resume, give the same command with: {self._how_to_resume()}", file=sys.stderr
            )

    def release(self) -> None:
        """Let other processes have the folder, and this one other devices."""
        if replicas := getattr(self, "replicas", None):
            replicas.leave()
        self._folder.release()

    def tests_were_cut(self) -> None:
        """Say that a signal ended the tests before the last one."""
        self._tests_were_cut = True

    def metrics(self) -> dict[str, Any]:
        """The content of `metrics.json`."""
        return self._folder.read("metrics.json")

    def callbacks(self, images: Any) -> list[Any]:
        """Callbacks of every run: memory, signals, divergence, progress, resume, and TensorBoard.

        Args:
            images: `data.ImageData`; a run goes on with the same training images and labels only.

        With `dry_run`, they end the first `fit` with what the training would be.
        """
        self._resume.data = {"images": images.train}
        batch_size = min(self.config.batch_size, len(images.train))
        here = batch_size // self.replicas.processes * sharing_memory()  # on this machine
        if self.config.dry_run:
            checks = [self.replicas, MemoryCheck(here), PreflightCheck(self, images)]
            return [*checks, self._interruption, DryRun(images, batch_size)]
        callbacks = [
            self.replicas,
            *([ScaledRate(self.config.rate_scale())] if self.config.scale_rate else []),
            MemoryCheck(here),
            PreflightCheck(self, images),
            self._clock,
            self._interruption,
            Progress(),
            self._resume,
            self._divergence,
        ]
        if self.config.tensorboard and is_first():
            callbacks.append(keras.callbacks.TensorBoard(str(self.folder / "tensorboard")))
        if sentence := losses_sentence(self.config, images):
            print(sentence)
        return [*callbacks, *watchers()]

    def write(self, name: str, content: str | bytes) -> None:
        """Write a file of the folder, text or bytes, whole or not at all."""
        self._folder.write(name, content)

    def write_model(self, model: Any) -> None:
        """Write `model.keras`, whole or not at all."""
        self._folder.write_model(model)

    def write_history(self, history: Any) -> None:
        """Write `history.csv`, a row an epoch."""
        self._folder.write_history(history)

    def complete_epochs(self, history: Any) -> dict[str, list[float]]:
        """The `History` of `fit` as lists of floats, without an epoch that a signal cut."""
        end = -1 if self._interruption.cut_epoch else None
        return {name: [float(v) for v in values[:end]] for name, values in history.history.items()}

    def command(self) -> str:
        """The command of the run, with paths as they were given: it may be shown to others."""
        return command_of(self.recipe, self.config, anywhere=False)

    def metrics_of(self, test: Any, **more: Any) -> dict[str, Any]:
        """What `metrics.json` will say."""
        return {
            "recipe": self.recipe,
            "command": command_of(self.recipe, self.config),
            "config": dataclasses.asdict(self.config),
            "versions": versions(),
            "seed": self.config.seed,
            "seconds": round(self._clock.seconds(), 2),
            "steps": self.start_step + self._interruption.batches,
            "interrupted": self.interrupted,
            "diverged": self.diverged,
            "test": test,
            **more,
        }

    def close(self, metrics: dict[str, Any]) -> None:
        """Write `metrics.json`, which makes a run finished, and say where everything is."""
        content = json.dumps(_finite(metrics), indent=2, allow_nan=False) + "\n"
        self.write("metrics.json", content)
        self.closed = True
        print(*next_steps(self.folder), sep="\n")
        if self.interrupted:
            print(
                "Stopped by a signal. To resume, give the same command with: "
                f"{self._how_to_resume()}",
                file=sys.stderr,
            )
        else:
            self._folder.remove_state()

    def _how_to_resume(self):
        return f"--resume --output {shell_word(self.folder)}"

    def _check_resumable(self):
        if not self.config.resume:
            raise not_new(self.folder)
        check_same_configuration(self._folder, self.recipe, self.config)
        if by_first((self.folder / "metrics.json").exists):
            metrics = self._folder.read("metrics.json", "interrupted")
            if not metrics["interrupted"]:
                raise RunFinished(self.folder, metrics)


def _finite(value):
    """The same with `None` for numbers that JSON does not have."""
    if isinstance(value, dict):
        return {key: _finite(part) for key, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [_finite(part) for part in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
