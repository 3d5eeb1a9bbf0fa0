"""Search for good settings of a recipe: at random, from coarse to fine, in log space.

Bergstra & Bengio, 2012, https://jmlr.org/papers/v13/bergstra12a.html: where few settings decide,
random trials try more values of each than a grid does. Rates and penalties are drawn by their
logarithm. The first half of the trials is drawn from the whole ranges, the second from a quarter of
them around the best. Trials that are worse than the median of the others end early. The
validation images alone choose; the test images are not looked at.

    python recipes/search.py
    python recipes/search.py --recipe resnet_crop --trials 30 --fixed data=FOLDER epochs=5 \\
        --search learning_rate=log:1e-3:1 weight_decay=log:1e-6:1e-2 normalization=batch,group
    python recipes/search.py --output runs/search/mine        # in as many terminals as you like

The same command with the same `--output` goes on after any kill, inside the trial that was running;
started several times at once, the processes share the trials (and the second half is drawn around
the best of those that have ended by then). The folder has the table of trials,
the pictures, the report and the database (`search.db`, of Optuna, which `pip install optuna` gets).
"""

import dataclasses
import datetime
import os
import pathlib
import warnings

from kerasrecipes_flags import check_fields, flag, parse_first

SAMPLERS = ("random", "grid", "tpe")
SEARCH = ("learning_rate=log:1e-3:1", "weight_decay=log:1e-6:1e-2")
FORMS = "NAME=log:LOW:HIGH, NAME=LOW:HIGH or NAME=A,B"
LESS_IS_BETTER = ("loss", "error", "calibration")
VALIDATION_FRACTION = 0.1


@dataclasses.dataclass(frozen=True, kw_only=True)
class Config:
    """The flags of the search."""

    recipe: str = flag("resnet_crop", "name of a recipe beside this one, or the path of one")
    search: tuple = flag(SEARCH, f"flags of the recipe to search: {FORMS}", many=True)
    fixed: tuple = flag(("epochs=2",), "flags of the recipe that stay: NAME=VALUE", many=True)
    trials: int = flag(10, "trainings", "[1, 100000]")
    sampler: str = flag("random", "how settings are drawn", choices=SAMPLERS)
    stages: int = flag(2, "stages of random trials, each in a narrower range", "[1, 10]")
    metric: str = flag("val_accuracy", "what to compare, of the last epoch")
    goal: str = flag("auto", "auto: min for a loss or an error", choices=("auto", "max", "min"))
    prune: bool = flag(True, "end trials early that are worse than the median")
    seed: int = flag(0, "seed of the draws", "[0, 4294967295]")
    output: str | None = flag(None, "folder of the search (default: runs/search/TIME)")

    def __post_init__(self):
        for name in ("search", "fixed"):
            object.__setattr__(self, name, tuple(getattr(self, name)))
        check_fields(self)
        if self.output == "":
            raise ValueError("Argument `output` must be the name of a folder. Received: output=''")


parse_first(Config)  # --help and refused flags end here, before the slow imports

from kerasrecipes import data, experiment, search


def main(config):
    """Run the trials that are left, and report. Returns the result of the search."""
    search.check_alone()
    folder = os.path.dirname(os.path.abspath(__file__))
    recipe = search.recipe_of(config.recipe, folder)
    space = search.space_of(config.search, recipe.Config)
    fixed = with_validation(search.settings_of(config.fixed, recipe.Config), recipe)
    base = recipe.Config(**fixed)
    study = open_study(config, space, base, fixed)
    print(f"Searching {'; '.join(map(str, space))}. Folder: {study.folder}")
    if done := study.finished():
        print(f"Going on with a search: {len(done)} of {config.trials} trials are done.")
    while (trial := study.claim()) is not None:
        outcome = run(config, recipe, base, study, trial)
        if outcome.state == "interrupted":
            study.release()
            print(f"To go on, give the same command with: --output {study.folder}")
            return {"interrupted": True}
    return search.close_search(study, recipe.__file__, config.metric, fixed, config)


def with_validation(fixed, recipe):
    """The settings that stay, with validation images held out where the data have none."""
    options = recipe.Config(**fixed)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # each trial gives them
        images = data.load(options.data, **options.data_options())
    if images.validation is None:
        fixed = {**fixed, "validation_fraction": VALIDATION_FRACTION}
        print(f"Validation: {VALIDATION_FRACTION:.0%} of the training images.")
    return fixed


def open_study(config, space, base, fixed):
    """The trials of this search, those of an earlier start among them."""
    time = datetime.datetime.now().strftime("%Y-%m-%d_%H-%M-%S")
    maximize = config.goal == "max"
    if config.goal == "auto":
        maximize = not any(word in config.metric for word in LESS_IS_BETTER)
    same = ("recipe", "search", "metric", "goal", "sampler", "stages", "seed")
    return search.Study(
        config.output or pathlib.Path("runs", "search", time),
        {**{name: getattr(config, name) for name in same}, "fixed": fixed},
        space, config.trials, maximize, config.sampler, config.stages, config.seed,
        warm_up=max(1, (base.epochs or 1) // 3) if config.prune else None,
    )  # fmt: skip


def run(config, recipe, base, study, trial):
    """Run a claimed trial, store its outcome and print its line."""

    def report(epoch, value):
        trial.report(value, epoch)
        return trial.should_prune()

    number = trial.user_attrs["index"] + 1
    logs = study.folder / "logs"
    logs.mkdir(exist_ok=True)
    settings = {**trial.params, "output": str(study.folder_of(trial)), "resume": True}
    log = logs / f"{number:04d}.txt"
    outcome = search.run_trial(recipe, base, settings, config.metric, log, report)
    if outcome.state != "interrupted":
        study.finish(trial, outcome.state, outcome.value)
        print(search.trial_line(trial, outcome, config.metric, config.trials))
    return outcome


if __name__ == "__main__":
    experiment.command_line(main, Config)
