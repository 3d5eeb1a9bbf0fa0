"""The trials of a search, in a database that several processes share."""

import contextlib
import importlib.util
import json
import logging
import pathlib
import shutil
import time
import warnings
from typing import Any

from kerasrecipes._folder_lock import FolderIsLocked, FolderLock
from kerasrecipes._printable import printable

DATABASE = "search.db"
SECONDS_TO_WAIT = 120
FIRST_TRIALS = 4  # that are never pruned


class Study:
    """The trials of a search in a folder, done, running or killed.

    `claim` gives this process a trial: first one that a killed process left, to go on inside it,
    else a new one. A trial belongs to the process that holds the lock of its folder, which ends
    with the process.

    Args:
        folder: Path of the search; it holds the database and the folders of unfinished trials.
        description: dict, what must be the same for every process of the search.
        space: Tuple of `Range`.
        trials: int, how many there are to be.
        maximize: bool, whether more of the metric is better.
        sampler: `"random"`, from coarse to fine in `stages`; `"grid"`; or `"tpe"`.
        stages: int, of the random sampler.
        seed: int.
        warm_up: int, epochs of a trial after which it may be pruned; `None`: never.

    Raises:
        ValueError: If the folder holds another search, or its database cannot be read.
        ImportError: Without Optuna.
    """

    def __init__(
        self,
        folder: Any,
        description: Any,
        space: Any,
        trials: int,
        maximize: bool,
        sampler: str,
        stages: int,
        seed: int,
        warm_up: int | None,
    ) -> None:
        if importlib.util.find_spec("optuna") is None:
            raise ImportError("A search needs Optuna: pip install 'optuna>=5'")
        from kerasrecipes.search.sampler import sampler_of

        drawing = sampler_of(sampler, space, trials, stages, seed)
        self.folder = pathlib.Path(folder)
        self.space, self.trials, self.maximize = space, trials, maximize
        self._lock = None
        (self.folder / "trials").mkdir(parents=True, exist_ok=True)
        with self._alone():
            self._study = _open(self.folder / DATABASE, maximize, drawing, warm_up)
            self._check_same(description)

    def claim(self) -> Any:
        """Return an Optuna trial for this process to run, or `None` if there is none left."""
        with self._alone():
            return self._left_behind() or self._new()

    def folder_of(self, trial: Any) -> pathlib.Path:
        """Return the folder of the run of a trial."""
        return self.folder / "trials" / f"{trial.user_attrs['index'] + 1:04d}"

    def finish(self, trial: Any, state: Any, value: float | None = None) -> None:
        """Store the outcome of a claimed trial, and remove the folder of its run."""
        if state == "complete":
            self._study.tell(trial, value)
        else:
            self._study.tell(trial, state=_states()[state])
        shutil.rmtree(self.folder_of(trial), ignore_errors=True)
        self.release()

    def release(self) -> None:
        """Let another process have the trial that this one claimed."""
        if self._lock is not None:
            self._lock.release()
            self._lock = None

    def finished(self) -> Any:
        """Return the finished trials in their order: complete, pruned and failed ones."""
        trials = [trial for trial in self._all() if trial.state.is_finished()]
        last = {trial.user_attrs["index"]: trial for trial in trials if "index" in trial.user_attrs}
        running = {t.user_attrs.get("index") for t in self._all() if not t.state.is_finished()}
        return [last[index] for index in sorted(last) if index not in running]

    def best(self) -> Any:
        """Return the best complete trial, or `None`."""
        done = [trial for trial in self.finished() if trial.state.name == "COMPLETE"]
        sign = 1 if self.maximize else -1
        return max(done, key=lambda trial: sign * trial.value, default=None)

    def importances(self) -> dict[str, float]:
        """Return by how much each setting decides the metric, {} where trials cannot tell."""
        import optuna

        with warnings.catch_warnings(), contextlib.suppress(ValueError, RuntimeError, ImportError):
            warnings.simplefilter("ignore")
            return optuna.importance.get_param_importances(self._study)
        return {}

    def _all(self):
        return self._study.get_trials(deepcopy=False)

    @contextlib.contextmanager
    def _alone(self):
        """Keep other processes of the search out of the block."""
        lock, end = FolderLock(self.folder), time.monotonic() + SECONDS_TO_WAIT
        while True:
            try:
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")  # a killed process left its lock
                    lock.acquire()
                break
            except FolderIsLocked:
                if time.monotonic() > end:
                    raise
                time.sleep(0.05)
        try:
            yield
        finally:
            lock.release()

    def _left_behind(self):
        for trial in self._all():
            if trial.state.is_finished() or trial.state.name == "WAITING":
                continue
            if set(trial.params) < {found.name for found in self.space}:
                self._study.tell(trial.number, state=_states()["failed"])  # drawn in part
                continue
            if self._take(trial):
                attributes = {"index": trial.user_attrs["index"]}
                self._study.enqueue_trial(trial.params, attributes)
                self._study.tell(trial.number, state=_states()["failed"])
                return self._asked(attributes["index"])
        return None

    def _new(self):
        taken = [t.user_attrs["index"] for t in self._all() if _is_drawn(t, self.space)]
        index = next(i for i in range(len(taken) + 1) if i not in taken)
        if index >= self.trials:
            return None
        trial = self._asked(index)
        self._take(trial)
        return trial

    def _asked(self, index):
        trial = self._study.ask()
        trial.set_user_attr("index", index)
        for found in self.space:
            if found.choices:
                trial.suggest_categorical(found.name, found.choices)
            elif found.integer:
                trial.suggest_int(found.name, found.low, found.high, log=found.log)
            else:
                trial.suggest_float(found.name, found.low, found.high, log=found.log)
        return trial

    def _take(self, trial):
        """Lock the folder of a trial; return whether no other process has it."""
        folder = self.folder_of(trial)
        folder.mkdir(parents=True, exist_ok=True)
        lock = FolderLock(folder)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                lock.acquire()
        except FolderIsLocked:
            return False
        self._lock = lock
        return True

    def _check_same(self, description):
        stored = self._study.user_attrs.get("description")
        description = json.loads(json.dumps(description))
        if stored is None:
            self._study.set_user_attr("description", description)
            return
        for name, value in description.items():
            if stored.get(name) != value:
                raise ValueError(
                    f"The search in {printable(self.folder)} was begun with "
                    f"{name}={stored.get(name)!r}; give another --output for another search. "
                    f"Received: {name}={value!r}"
                )


def _is_drawn(trial, space):
    return {found.name for found in space} <= set(trial.params)


def _states():
    from optuna.trial import TrialState

    return {"pruned": TrialState.PRUNED, "failed": TrialState.FAIL}


def _open(path, maximize, sampler, warm_up):
    import optuna
    import sqlalchemy.exc

    optuna.logging.set_verbosity(logging.WARNING)
    pruner = optuna.pruners.NopPruner()
    if warm_up is not None:
        pruner = optuna.pruners.MedianPruner(FIRST_TRIALS, warm_up)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return optuna.create_study(
                storage=f"sqlite:///{path}",
                sampler=sampler,
                pruner=pruner,
                study_name="search",
                direction="maximize" if maximize else "minimize",
                load_if_exists=True,
            )
    except (sqlalchemy.exc.SQLAlchemyError, RuntimeError) as error:
        reason = str(getattr(error, "orig", None) or error).splitlines()[0]
        raise ValueError(
            f"{printable(path)} is not the database of a search ({reason}): remove it, or give "
            "another --output"
        ) from error
