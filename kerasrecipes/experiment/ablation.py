"""Ablation: what each technique of a recipe gives, by switching each off in turn."""

import contextlib
import dataclasses
import gc
import os
from typing import Any

import keras
import numpy as np

from kerasrecipes.callbacks import _interruption
from kerasrecipes.evaluation import intervals_figure, mean_interval
from kerasrecipes.experiment.closing_table import close_table
from kerasrecipes.experiment.progress import clock
from kerasrecipes.flags import DryRunEnded, RunFinished

ALL = "all techniques"
HEADER = ("Training or test", "Accuracy", "Change of accuracy", "95% interval", "Change of loss",
          "95% interval", "Calibration error")  # fmt: skip
MEASURES = ("accuracy", "loss", "calibration_error")
CAPTION = (
    "What switching a technique off changes, with 95% intervals over the seeds. Accuracy left of 0 "
    "and loss right of 0: the technique helps. Last, the other tests of the same networks."
)
NOTES = (
    "Each training without a technique is compared with that of the same seed with all of them: "
    "same initial weights, same order of the images.",
    "All are tested by the first test of the recipe. A row 'tested by' is another test of the "
    "networks with all techniques.",
    "Where an interval contains 0, the difference may be chance. One interval of twenty misses the "
    "truth.",
)


def ablate(run: Any, images: Any, main: Any, off: dict[str, dict[str, Any]]) -> Any:
    """Train with all techniques and without each, for every seed; write the table and its figure.

    A training is a run of the recipe in a folder of its own inside the folder of this one, so that
    a killed ablation resumes in the middle of one. Those folders are removed at the end.

    Args:
        run: the `Run`, of a config with the fields `ablate` and `seeds`.
        images: the `data.ImageData`.
        main: the recipe's function of a config, which trains once and returns `metrics.json`.
        off: dict from the name of a technique to the fields of the config that switch it off. Those
            that are off already are left out.

    Returns:
        The content of `metrics.json`; its entry `ablation` has each accuracy, loss and
        calibration error by training and seed.

    Raises:
        KeyboardInterrupt: if a signal stops a training.
        ValueError: if all techniques are off already, if labels are not classes, or if the config
            has `export`, `preflight` or `tensorboard`, which are for one training.
    """
    _check(run.config, images)
    trainings = _trainings(run.config, off)
    seeds = range(run.config.seed, run.config.seed + run.config.seeds)
    trained = _train_all(run, main, trainings, seeds)
    measured, protocols = _measured(trained, trainings)
    rows, panels = compared(measured)
    first, test = next(iter(trained[seeds[0], ALL]["test"]["protocols"].items()))
    on = f"by {first} on {test['images']} test images"
    return close_table(
        run,
        images,
        _headline(rows, panels["change of accuracy"], seeds, on),
        list(NOTES),
        [("ablation", CAPTION, intervals_figure(panels))],
        [(f"Ablation over {len(seeds)} seeds", HEADER, rows)],
        protocols,
        ablation=measured,
        seconds=round(sum(metrics["seconds"] for metrics in trained.values()), 2),
        steps=sum(metrics["steps"] for metrics in trained.values()),
    )


def _check(config, images):
    """Raise for flags and tasks that are not for several trainings."""
    for name in ("export", "preflight", "tensorboard"):
        if getattr(config, name):
            value = getattr(config, name)
            raise ValueError(f"Argument `{name}` is not for `ablate`. Received: {name}={value!r}")
    if images.task != "classes":
        raise ValueError(f"Argument `ablate` needs classes. Received: task={images.task!r}")


def _train_all(run, main, trainings, seeds):
    """Return {(seed, name of the training): metrics}; print a line for each."""
    trained, total = {}, len(trainings) * len(seeds)
    for seed in seeds:
        for number, (name, changes) in enumerate(trainings.items()):
            folder = f"training{number}_seed{seed}"
            trained[seed, name] = metrics = _train(run, main, changes, seed, folder, total)
            accuracy = next(iter(metrics["test"]["protocols"].values()))["accuracy"]
            seconds = np.mean([one["seconds"] for one in trained.values()])
            left = clock(seconds * (total - len(trained)))
            print(
                f"{len(trained)}/{total}: {name}, seed {seed}: accuracy {accuracy:.4f}, "
                f"about {left} left",
                flush=True,
            )
    return trained


def _measured(trained, trainings):
    """Return {training or other test: measures of each seed}, and the mean test of each training.

    Of the networks with all techniques the other tests count too, after all trainings.
    """
    measured, others, protocols = {name: {} for name in trainings}, {}, {}
    for (_, name), metrics in trained.items():
        (_, test), *more = metrics["test"]["protocols"].items()
        protocols[name] = {key: test[key] for key in ("images", "images_per_second")}
        _add(measured[name], test)
        for other, its in more if name == ALL else ():
            _add(others.setdefault(f"tested by {other}", {}), its)
    for name, protocol in protocols.items():
        protocol["accuracy"] = float(np.mean(measured[name]["accuracy"]))
    return measured | others, protocols


def _trainings(config, off):
    """The changed fields of each training by its name, the first one with all techniques."""
    trainings = {
        f"without {name}": fields
        for name, fields in off.items()
        if any(getattr(config, field) != value for field, value in fields.items())
    }
    if not trainings:
        raise ValueError(
            f"Argument `ablate` needs a technique to switch off. Received: {', '.join(off)} all off"
        )
    return {ALL: {}, **trainings}


def _train(run, main, changes, seed, name, total):
    """The metrics of one training, which is resumed, or read if it is finished."""
    folder = run.folder / "state" / name
    config = dataclasses.replace(
        run.config, **changes, seed=seed, ablate=False, seeds=type(run.config).seeds,
        output=str(folder), resume=not run.config.dry_run,
    )  # fmt: skip
    with (
        open(os.devnull, "w", encoding="utf-8") as nowhere,
        contextlib.redirect_stdout(nowhere),
        contextlib.redirect_stderr(nowhere),
    ):
        try:
            metrics = main(config)
        except RunFinished as finished:
            metrics = finished.metrics
        except DryRunEnded as ended:
            text = (
                f"{ended.text}\n{total} trainings like this: about {clock(total * ended.seconds)}."
            )
            raise DryRunEnded(text, total * ended.seconds) from None
    keras.utils.clear_session(free_memory=False)
    gc.collect()
    if metrics["interrupted"]:
        raise _interruption.Terminated(_interruption.exit_status() - 128)
    return metrics


def _add(measures, test):
    """Add what a test of one more seed gave."""
    for measure in MEASURES:
        measures.setdefault(measure, []).append(test[measure])


def compared(measured):
    """Rows of the table, and panels of the figure: each training against that with everything."""
    base, rows = measured[ALL], []
    panels = {"change of accuracy": {}, "change of loss": {}}
    for name, values in measured.items():
        cells = [name, f"{np.mean(values['accuracy']):.4f}"]
        for measure, panel in zip(("accuracy", "loss"), panels.values()):
            change = None if name == ALL else _difference(values[measure], base[measure])
            if change is None:
                cells += ["", ""]
                continue
            cells += [f"{change.mean:+.4f}", f"{change.low:+.4f} to {change.high:+.4f}"]
            panel[name] = change
        errors = [error for error in values["calibration_error"] if error is not None]
        cells.append(f"{np.mean(errors):.4f}" if errors else "")
        rows.append(cells)
    return rows, panels


def _difference(values, base):
    """The mean paired difference; `None` where a training diverged, which has no loss."""
    if None in values or None in base:
        return None
    return mean_interval([one - other for one, other in zip(values, base)])


def _headline(rows, changes, seeds, on):
    """The result in a sentence."""
    off = {name: one for name, one in changes.items() if name.startswith("without ")}
    helps = [name.removeprefix("without ") for name, one in off.items() if one.high < 0]
    hurts = [name.removeprefix("without ") for name, one in off.items() if one.low > 0]
    return (
        f"Accuracy {rows[0][1]} {on} with all techniques, mean of "
        f"{len(seeds)} seeds. By their intervals help: {', '.join(helps) or 'none'}; "
        f"hurt: {', '.join(hurts) or 'none'}."
    )
