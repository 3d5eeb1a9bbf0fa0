"""The end of a run: writes all files of its folder."""

from typing import Any

import numpy as np

from kerasrecipes import augment
from kerasrecipes._backend.processes import by_first
from kerasrecipes.data.class_sizes import describe_small_classes
from kerasrecipes.data.duplicates import describe_duplicates
from kerasrecipes.evaluation import (
    figure_png,
    history_figure,
    how_good,
    samples_figure,
    samples_title,
)
from kerasrecipes.evaluation.pick import pick
from kerasrecipes.experiment.explanations import explanations
from kerasrecipes.experiment.images import describe_images
from kerasrecipes.experiment.model_card import model_card
from kerasrecipes.experiment.model_facts import facts_table, model_facts
from kerasrecipes.experiment.report import report_html
from kerasrecipes.experiment.settings_used import settings_used
from kerasrecipes.experiment.what_gave_what import what_gave_what
from kerasrecipes.flags.presets import preset_sentence
from kerasrecipes.serving import export_model, named_model

CAPTIONS = {
    "history": "Loss, metrics and learning rate by epoch.",
    "explanations": "Where the network sees the wrong answer in an image (Grad-CAM).",
}


def close_run(
    run: Any,
    model: Any,
    history: Any,
    images: Any,
    results: Any,
    train: Any,
    protocols: Any,
    extra_figures: Any = (),
    baselines: Any = None,
    remarks: Any = (),
    **more: Any,
) -> Any:
    """Write all files of the run's folder, `metrics.json` last, and return its content.

    Args:
        run: The `Run`.
        model: Keras model to save as `model.keras`, to which the class names are added.
        history: Result of `fit`, or `None` if nothing was trained by `fit`.
        images: The `data.ImageData` of the run. Its test set was tested, or its validation set if
            it has no test set.
        results: List of `TestResult`; the last one is reported as the result of the run.
        train: List of the transforms of training images, without normalisation.
        protocols: dict of the crops for testing; the first one crops the images of the report.
        extra_figures: More figures: tuples (name, caption, Matplotlib figure). Defaults to none.
        baselines: dict of accuracies of simple classifiers by name, which stand beside the tests.
            Defaults to `None`.
        remarks: Strings, more sentences for the top of the report. Defaults to none.
        **more: Further entries of `metrics.json`.

    Returns:
        dict, the content of `metrics.json`.
    """
    best, crop = results[-1], next(iter(protocols.values()))
    task = best.task
    if len(results) < len(protocols):
        run.tests_were_cut()
    served = named_model(model, images.class_names, task.name, task.thresholds)
    curves = None if history is None else run.complete_epochs(history)
    figures = _figures(run, served, curves, images, best, train, crop)
    figures.update({name: (caption, figure) for name, caption, figure in extra_figures})
    if curves is not None:
        run.write_history(curves)
    shown = _written(run, figures)
    run.write_model(served)
    if run.config.export:
        message = by_first(_export, served, run.folder, run.config.export, images)
        print(message)
        remarks = [*remarks, message]
    facts = by_first(model_facts, served, run.folder / "model.keras", crop.size)
    tests = {result.name: result.metrics() for result in results}
    test = {**best.metrics(), "protocol": best.name, "protocols": _without_classes(tests, task)}
    data = {**_entries_of_data(images, task), "model": facts}
    if baselines:
        data["baselines"] = baselines
    metrics = run.metrics_of(test, **data, **more)
    settings = settings_used(run, crop, 0 if history is None else len(history.epoch))
    result, summary = _summary(run, metrics, results, images, remarks)
    page = _report(run, metrics, results, images, shown, result, summary, settings)
    run.write("report.html", page)
    sentences = [result, *map(_text, summary)]
    run.write("MODEL_CARD.md", model_card(metrics, sentences, facts_table(facts), run.command()))
    run.close(metrics)
    return metrics


def _figures(run, model, curves, images, result, train, crop):
    """Return {name: (caption, figure)}, in the order of the report."""
    figures = dict(result.task.figures(images, result, crop))
    explained = explanations(model, images, result, crop)
    if explained is not None:
        figures["explanations"] = CAPTIONS["explanations"], explained
    samples = samples_figure(images, train, run.config.seed, result.task.caption)
    figures["samples"] = f"{samples_title(train)}, before normalisation.", samples
    if curves is not None:
        held_out = "validation" if images.validation else "test"
        figures["history"] = CAPTIONS["history"], history_figure(curves, held_out)
    return figures


def _written(run, figures):
    """Write each figure into the run's folder; return (title, caption, PNG) of each."""
    pngs = {name: figure_png(figure) for name, (_, figure) in figures.items()}
    for name, png in pngs.items():
        run.write(f"{name}.png", png)
    return [(name.capitalize(), figures[name][0], png) for name, png in pngs.items()]


def _entries_of_data(images, task):
    """Return what `metrics.json` says of the images."""
    return {
        "data": images.name,
        "task": task.name,
        "class_names": list(images.class_names),
        "sizes": [images.train_size, images.validation_size, images.test_size],
        "class_sizes": images.class_sizes and list(images.class_sizes),
        "skipped": [list(pair) for pair in images.skipped],
        "duplicates": [duplicate._asdict() for duplicate in images.duplicates],
        "small_classes": [list(pair) for pair in images.small_classes],
    }


def _without_classes(tests, task):
    return {
        name: {key: value for key, value in metrics.items() if key not in task.by_class}
        for name, metrics in tests.items()
    }


def _text(remark):
    """A sentence of the report, which a warning has behind its kind."""
    return remark if isinstance(remark, str) else remark[1]


def _export(model, folder, kind, images):
    """Export a served model, compare it on a test image, and return a sentence about it."""
    decode = augment.DecodeImage(images.channels) if images.encoded else np.asarray
    image = next(pick(images.test or images.validation, [0], decode))
    try:
        return export_model(model, folder, kind, image).message
    except ValueError as error:
        return f"Not exported to {kind}: {error}"


def _summary(run, metrics, results, images, remarks):
    """Return the result in a sentence, and the sentences and warnings below it."""
    test, task = metrics["test"], results[-1].task
    summary = [
        describe_images(images),
        *(sentence for sentence, _ in describe_duplicates(images.duplicates)),
        f"Tested by {test['protocol'].replace('_', ' ')}, after {_work(metrics)}.",
        *task.remarks(results[-1]),
    ]
    if sentence := preset_sentence(run.config):
        summary.append(sentence)
    result = how_good(results[-1]) if task.name == "classes" else f"{task.sentence(test)}."
    summary += [remark for remark in remarks if remark != result]
    if small := describe_small_classes(images.small_classes, images.num_classes):
        summary.insert(0, ("warning", f"{small}."))
    if run.interruption:
        summary.insert(0, ("warning", run.interruption))
    if run.diverged:
        summary.insert(0, ("warning", run.diverged))
    return result, summary


def _report(run, metrics, results, images, shown, result, summary, settings):
    task = results[-1].task
    rows = [
        [
            r.name.replace("_", " "),
            str(r.crops),
            f"{m[task.headline]:.4f}",
            f"{m['loss']:.4f}",
            f"{r.images_per_second}",
        ]
        for r, m in ((result, result.metrics()) for result in results)
    ]
    return report_html(
        f"{run.recipe} on {images.name}",
        result,
        summary,
        shown,
        [
            (_tests_heading(results[-1].speed_of), _header(task), rows),
            task.table(images, results[-1]),
            facts_table(metrics["model"]),
            *_baselines_table(metrics.get("baselines")),
            *what_gave_what(run.config),
        ],
        [*settings, *([name, str(version)] for name, version in metrics["versions"].items())],
    )


def _baselines_table(baselines):
    """Return the table of what must be beaten, in a list; without baselines, none."""
    if not baselines:
        return []
    rows = [[name, f"{accuracy:.4f}"] for name, accuracy in baselines.items()]
    return [("Simple classifiers on the pixels", ("Classifier", "Accuracy"), rows)]


def _tests_heading(speed_of):
    """Return the heading of the table of tests, which says what the images per second are of."""
    return "Tests, with reading and decoding" + (f" ({speed_of})" if speed_of else "")


def _header(task):
    title = task.title.capitalize() if task.title.islower() else task.title
    return ("Test", "Crops per image", title, "Loss", "Images per second")


def _work(metrics):
    """Return steps and seconds in words; a linear classifier has no steps."""
    steps = f"{metrics['steps']} steps in " if metrics["steps"] else ""
    return f"{steps}{metrics['seconds']:.0f} seconds"
