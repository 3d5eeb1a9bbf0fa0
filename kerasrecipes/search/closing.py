"""The end of a search: the table of its trials, the pictures and the report."""

import csv
import dataclasses
import io
import json
import pathlib
from typing import Any

from kerasrecipes._atomic_write import atomic_write
from kerasrecipes._printable import shell_word
from kerasrecipes.evaluation.figures import figure_png
from kerasrecipes.experiment.report import report_html
from kerasrecipes.flags.called_as import command_of_script
from kerasrecipes.search.figures import layouts_figure, trials_figure

EDGE = 0.05  # of the width of a range


def close_search(study: Any, recipe: str, metric: str, fixed: Any, config: Any) -> Any:
    """Print the best settings, write every file of the search, and return its result.

    Args:
        study: The `Study`.
        recipe: str, path of the recipe for the command of the best settings.
        metric: str.
        fixed: dict of the settings that stayed.
        config: The `Config` of the search.

    Returns:
        dict with the best trial, its command, the importances and the warnings.

    Raises:
        ValueError: if no trial was complete.
    """
    result = _result(study, recipe, metric, fixed)
    command, warnings = result["command"], result["warnings"]
    header, rows = trials_table(study, metric)
    headline = f"Best {metric} {result['value']:.4g}, of {result['trials']} trials."
    decides = _importance_sentence(result["importances"])
    shown = _written_figures(study, metric)
    _write(study.folder / "trials.csv", _csv(header, rows))
    notes = [f"Train with the best settings: {command}", *(("warning", w) for w in warnings)]
    notes += decides
    page = report_html(
        f"Search over {pathlib.Path(recipe).stem}", headline, notes, shown,
        [("Trials, the best first", header, rows)],
        [(name, str(value)) for name, value in dataclasses.asdict(config).items()],
    )  # fmt: skip
    _write(study.folder / "report.html", page)
    metrics = {"config": dataclasses.asdict(config), **result}
    _write(study.folder / "metrics.json", json.dumps(metrics, indent=2) + "\n")
    print(headline, *warnings, *decides, sep="\n")
    print(f"Report: {study.folder / 'report.html'}\nTrain with the best: {command}")
    return result


def _result(study, recipe, metric, fixed):
    """Return what a search has found."""
    trials, best = study.finished(), study.best()
    if best is None:
        raise ValueError(
            f"No trial of {len(trials)} was complete: see the files in {study.folder / 'logs'}"
        )
    chosen = " ".join(
        f"--{name.replace('_', '-')} {shell_word(str(value))}"
        for name, value in {**fixed, **best.params}.items()
    )
    return {
        "metric": metric,
        "value": best.value,
        "trial": best.user_attrs["index"] + 1,
        "params": best.params,
        "command": f"{command_of_script(recipe)} {chosen}",
        "trials": len(trials),
        "importances": study.importances(),
        "warnings": edge_warnings(study.space, best.params),
    }


def _written_figures(study, metric):
    """Write the figures that there are into the search's folder; return (title, caption, PNG)."""
    figures = {
        "trials": (f"{metric} by the value of each setting.", trials_figure(study, metric)),
        "layouts": (
            "The same number of trials on a grid tries few values of each setting.",
            layouts_figure(study, metric),
        ),
    }
    pngs = {name: (text, figure_png(f)) for name, (text, f) in figures.items() if f is not None}
    for name, (_, png) in pngs.items():
        _write(study.folder / f"{name}.png", png)
    return [(name.capitalize(), text, png) for name, (text, png) in pngs.items()]


def trials_table(study: Any, metric: str) -> Any:
    """Return the header and the rows of the table of trials, the best first."""
    sign = -1 if study.maximize else 1
    trials = sorted(
        study.finished(),
        key=lambda trial: (trial.state.name != "COMPLETE", sign * (trial.value or 0.0)),
    )
    names = [found.name for found in study.space]
    rows = [
        [
            str(trial.user_attrs["index"] + 1),
            "" if trial.value is None else f"{trial.value:.4g}",
            {"COMPLETE": "complete", "PRUNED": "stopped early"}.get(trial.state.name, "failed"),
            *(_text(trial.params[name]) for name in names),
        ]
        for trial in trials
    ]
    return ["Trial", metric, "Outcome", *names], rows


def edge_warnings(space: Any, params: Any) -> list[str]:
    """Return a sentence for each setting whose best value lies at an end of its range."""
    found = []
    for part in space:
        if part.choices:
            continue
        position = part.position(params[part.name])
        if not EDGE < position < 1 - EDGE:
            end, side = (part.low, "below") if position < 0.5 else (part.high, "above")
            found.append(
                f"The best {part.name} ({_text(params[part.name])}) lies at the end of its range "
                f"({_text(end)}): search {side} it too."
            )
    return found


def _importance_sentence(importances):
    if len(importances) < 2:
        return []
    words = ", ".join(f"{name} {share:.0%}" for name, share in importances.items())
    return [f"What decides the metric among these trials: {words}."]


def _text(value):
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _csv(header, rows):
    stream = io.StringIO()
    csv.writer(stream, lineterminator="\n").writerows([header, *rows])
    return stream.getvalue()


def _write(path, content):
    data = content.encode() if isinstance(content, str) else content
    with atomic_write(path) as temporary:
        temporary.write_bytes(data)
