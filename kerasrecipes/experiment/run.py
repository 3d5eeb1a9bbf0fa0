"""The folder of a run: where it is, what is in it, and when it is complete."""

import csv
import dataclasses
import datetime
import importlib.metadata
import importlib.util
import io
import json
import math
import os
import pathlib
import platform
import shlex
import shutil
import sys
from typing import Any

import keras

from kerasrecipes.callbacks import Resume
from kerasrecipes.experiment.clock import Clock
from kerasrecipes.experiment.device import configure
from kerasrecipes.experiment.interruption import Interruption
from kerasrecipes.experiment.progress import Progress
from kerasrecipes.version import __version__

PART = ".part-"
NOT_IN_COMMAND = ("output", "resume", "tensorboard", "seed")
MAY_CHANGE_ON_RESUME = ("output", "resume", "tensorboard", "strict")


class Run:
    """One training run: settings that are said aloud, callbacks, and a folder.

    A run is opened by making the object, which checks `--output`, sets seed and precision and
    prints what was chosen; nothing is written until `begin`, so that bad input leaves nothing
    behind. Every file is written to a temporary name and renamed.

    Args:
        config: A `TrainingConfig`.
        recipe: String, the name of the recipe.

    Attributes:
        folder: `pathlib.Path` of the run.
        finished: Boolean, whether `--resume` found a finished run. `metrics()` are then those of
            its file, and there is nothing to do.
        start_step: Integer, the training step that the data begin with: 0 unless resumed.
        jit: Boolean, for `model.compile(jit_compile=...)`.
        interrupted: Boolean, whether Ctrl-C ended the training or the tests.

    Raises:
        ValueError: If the folder holds another run, or one of another configuration.
        OSError: If the folder cannot be written.
    """

    def __init__(self, config: Any, recipe: str) -> None:
        self.config = config
        self.recipe = recipe
        self.folder = pathlib.Path(config.output or _fresh_folder(recipe))
        self._interruption = Interruption()
        self._tests_were_cut = False
        self._clock = Clock()
        self.finished = False
        self._check_folder()
        if self.finished:
            print(f"{self.folder} holds a finished run: nothing to do.")
            return
        if config.tensorboard and importlib.util.find_spec("tensorboard") is None:
            raise ImportError("--tensorboard needs TensorBoard: pip install tensorboard")
        self._resume = Resume(self.folder / "state")
        self.start_step = self._resume.step
        self.jit, choice = configure(config)
        print(choice)

    @property
    def interrupted(self) -> bool:
        return self._interruption.interrupted or self._tests_were_cut

    def tests_were_cut(self) -> Any:
        """Say that Ctrl-C ended the tests before the last one."""
        self._tests_were_cut = True

    def metrics(self) -> Any:
        """The content of `metrics.json`."""
        return json.loads((self.folder / "metrics.json").read_text(encoding="utf-8"))

    def begin(self) -> None:
        """Make the folder, rid of files that a kill left half-written, and store the config."""
        self.folder.mkdir(parents=True, exist_ok=True)
        for path in self.folder.glob(f"{PART}*"):
            shutil.rmtree(path) if path.is_dir() else path.unlink()
        config = {"recipe": self.recipe, "config": dataclasses.asdict(self.config)}
        self.write("config.json", json.dumps(config, indent=2) + "\n")

    def callbacks(self) -> Any:
        """Callbacks of every run: Ctrl-C, progress, resume, and TensorBoard if asked for."""
        callbacks = [self._clock, self._interruption, Progress(), self._resume]
        if self.config.tensorboard:
            callbacks.append(keras.callbacks.TensorBoard(str(self.folder / "tensorboard")))
        return callbacks

    def write(self, name: str, content: Any) -> None:
        """Write a file of the folder, text or bytes, whole or not at all."""
        data = content.encode("utf-8", "replace") if isinstance(content, str) else content
        temporary = self.folder / f"{PART}{name}"
        try:
            temporary.write_bytes(data)
            os.replace(temporary, self.folder / name)
        finally:
            temporary.unlink(missing_ok=True)

    def write_model(self, model: keras.Model) -> Any:
        """Write `model.keras`, whole or not at all."""
        temporary = self.folder / f"{PART}model.keras"
        try:
            model.save(temporary)
            os.replace(temporary, self.folder / "model.keras")
        finally:
            temporary.unlink(missing_ok=True)

    def write_history(self, history: Any) -> Any:
        """Write `history.csv`, a row an epoch."""
        stream = io.StringIO()
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(["epoch", *history])
        epochs = max((len(values) for values in history.values()), default=0)
        for epoch in range(epochs):
            writer.writerow([epoch + 1, *(repr(float(v[epoch])) for v in history.values())])
        self.write("history.csv", stream.getvalue())

    def complete_epochs(self, history: Any) -> Any:
        """The `History` of `fit` as lists of floats, without an epoch that Ctrl-C cut."""
        end = -1 if self._interruption.cut_epoch else None
        return {name: [float(v) for v in values[:end]] for name, values in history.history.items()}

    def metrics_of(self, test: Any, **more: Any) -> Any:
        """What `metrics.json` will say."""
        return {
            "recipe": self.recipe,
            "command": _command(self.recipe, self.config),
            "config": dataclasses.asdict(self.config),
            "versions": versions(),
            "seed": self.config.seed,
            "seconds": round(self._clock.seconds(), 2),
            "steps": self.start_step + self._interruption.batches,
            "interrupted": self.interrupted,
            "test": test,
            **more,
        }

    def close(self, metrics: Any) -> Any:
        """Write `metrics.json`, which makes a run finished, and say where everything is."""
        finite = _finite(metrics)
        self.write("metrics.json", json.dumps(finite, indent=2, allow_nan=False) + "\n")
        if finite != metrics:
            print("Some figures are not finite: training diverged. Try a lower learning rate.")
        print(f"Everything about this run: {self.folder}{os.sep}report.html")
        if self.interrupted:
            print(
                "Stopped by Ctrl-C. To go on, give the same command with: "
                f"--resume --output {self.folder}",
                file=sys.stderr,
            )
        else:
            shutil.rmtree(self.folder / "state", ignore_errors=True)

    def _check_folder(self):
        if self.folder.exists() and not self.folder.is_dir():
            raise ValueError(f"Argument `output` must be a folder. Received: output={self.folder}")
        if self.folder.exists() and self._holds_files():
            if not self.config.resume:
                raise ValueError(
                    "Argument `output` must be a new folder, or give --resume to go on with the "
                    f"run in it. Received: output={self.folder}, which is not empty"
                )
            self._check_same_configuration()
            finished = (self.folder / "metrics.json").exists()
            self.finished = (
                finished and not self._read("metrics.json", "interrupted")["interrupted"]
            )
        if not self.finished:
            _check_writable(self.folder)

    def _read(self, name, *keys):
        """The content of a JSON file of the folder, which must have these keys."""
        try:
            content = json.loads((self.folder / name).read_text(encoding="utf-8"))
            return {**content, **{key: content[key] for key in keys}}
        except (ValueError, KeyError, TypeError) as error:
            raise ValueError(
                "Argument `output` must be the folder of a run to resume. Received: "
                f"output={self.folder}, whose {name} is damaged"
            ) from error

    def _holds_files(self):
        return any(not path.name.startswith(PART) for path in self.folder.iterdir())

    def _check_same_configuration(self):
        path = self.folder / "config.json"
        if not path.exists():
            raise ValueError(
                "Argument `output` must be the folder of a run to resume. "
                f"Received: output={self.folder}, which has no config.json"
            )
        stored = self._read("config.json", "recipe", "config")
        ours = json.loads(json.dumps(dataclasses.asdict(self.config)))
        names = [name for name in ours if name not in MAY_CHANGE_ON_RESUME]
        if stored["recipe"] != self.recipe:
            raise ValueError(
                f"The run in {self.folder} is of the recipe {stored['recipe']}. "
                f"Received: {self.recipe}"
            )
        changed = [name for name in names if stored["config"].get(name) != ours[name]]
        if changed:
            name = changed[0]
            raise ValueError(
                f"The run in {self.folder} was begun with {name}={stored['config'].get(name)!r}: "
                f"a resumed run keeps its configuration. Received: {name}={ours[name]!r}"
            )


def _finite(value):
    """The same with `None` for numbers that JSON does not have."""
    if isinstance(value, dict):
        return {key: _finite(part) for key, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [_finite(part) for part in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _command(recipe, config):
    """The command of a run: the flags that differ from their defaults, without seed and place."""
    words = ["python", f"recipes/{recipe}.py"]
    for field in dataclasses.fields(config):
        value = getattr(config, field.name)
        if value == field.default or field.name in NOT_IN_COMMAND:
            continue
        name = field.name.replace("_", "-")
        if isinstance(value, bool):
            words.append(f"--{name}" if value else f"--no-{name}")
        else:
            value = os.path.basename(value) if field.name == "data" else value
            words.append(f"--{name} {shlex.quote(str(value))}")
    return " ".join(words)


def versions():
    """Versions of what computed a run."""
    packages = ("tensorflow", "tensorflow-cpu", "jax", "torch", "numpy")
    installed = {name: _installed_version(name) for name in packages}
    return {
        "python": platform.python_version(),
        "kerasrecipes": __version__,
        "keras": keras.version(),
        "backend": keras.backend.backend(),
        **{name: version for name, version in installed.items() if version},
        "platform": platform.platform(),
    }


def _installed_version(name):
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return None


def _fresh_folder(recipe):
    stamp = datetime.datetime.now().strftime("%Y-%m-%d_%H-%M-%S")
    for suffix in ("", *(f"_{number}" for number in range(2, 1000))):
        folder = os.path.join("runs", recipe, stamp + suffix)
        if not os.path.exists(folder):
            return folder
    raise FileExistsError(f"No free folder for a run: {folder}")


def _check_writable(folder):
    """Raise unless the folder, or the nearest one above that exists, can be written."""
    nearest = next(path for path in (folder, *folder.absolute().parents) if path.exists())
    if not nearest.is_dir() or not os.access(nearest, os.W_OK):
        raise PermissionError(f"Cannot write the run's folder {folder}: {nearest} is not writable")
