"""The end of a run: every file of its folder."""

import dataclasses
import math
from typing import Any

from kerasrecipes.data.duplicates import describe_duplicates
from kerasrecipes.evaluation import (
    confusion_figure,
    figure_png,
    history_figure,
    mistakes_figure,
    samples_figure,
)
from kerasrecipes.evaluation.metrics import most_confused
from kerasrecipes.experiment.images import describe_images
from kerasrecipes.experiment.report import report_html
from kerasrecipes.serving import named_model

HEADER = ("Test", "Crops an image", "Accuracy", "Loss", "Images a second")
CLASS_HEADER = (
    "Class", "Precision", "Recall", "Training images", "Test images", "Most often taken for",
)  # fmt: skip
CAPTIONS = {
    "history": "Loss, accuracy and learning rate by epoch.",
    "samples": "Crops as they enter the network, before normalisation.",
    "confusion": "Test images by true and predicted class.",
    "mistakes": "The wrong predictions of the highest probability.",
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
    remarks: Any = (),
    **more: Any,
) -> Any:
    """Write every file of the run's folder, `metrics.json` last, and return its content.

    Args:
        run: The `Run`.
        model: Keras model to save as `model.keras`, with the names of the classes inside.
        history: What `fit` returned.
        images: The `data.ImageData` the run was trained on; tested on its test set, or on its
            validation set where there is none.
        results: List of `TestResult`; the last one is the run's figure.
        train: List of the transforms that training images go through, without normalisation.
        protocols: Dictionary of the transforms that crop for testing; the first one shows images.
        extra_figures: Further pictures: tuples (name, caption, Matplotlib figure).
        remarks: Strings, further sentences for the top of the report.
        **more: Further entries of `metrics.json`.
    """
    best, crop = results[-1], next(iter(protocols.values()))
    if len(results) < len(protocols):
        run.tests_were_cut()
    curves = run.complete_epochs(history)
    figures = {
        "history": history_figure(curves, "validation" if images.validation else "test"),
        "samples": samples_figure(images, train, run.config.seed),
        "confusion": confusion_figure(best.confusion_matrix(), images.class_names),
        "mistakes": mistakes_figure(images, best, crop),
    }
    figures.update({name: figure for name, _, figure in extra_figures})
    pngs = {name: figure_png(figure) for name, figure in figures.items()}
    for name, png in pngs.items():
        run.write(f"{name}.png", png)
    run.write_history(curves)
    run.write_model(named_model(model, images.class_names))
    tests = {result.name: result.metrics() for result in results}
    test = {**best.metrics(), "protocol": best.name, "protocols": _without_classes(tests)}
    skipped = [list(pair) for pair in images.skipped]
    data = {
        "data": images.name,
        "class_names": list(images.class_names),
        "sizes": [images.train_size, images.validation_size, images.test_size],
        "class_sizes": images.class_sizes and list(images.class_sizes),
        "skipped": skipped,
        "duplicates": [found._asdict() for found in images.duplicates],
    }
    metrics = run.metrics_of(test, **data, **more)
    captions = {**CAPTIONS, **{name: caption for name, caption, _ in extra_figures}}
    shown = [(name.capitalize(), captions[name], png) for name, png in pngs.items()]
    run.write("report.html", _report(run, metrics, results, images, shown, remarks))
    run.close(metrics)
    return metrics


def _without_classes(tests):
    return {
        name: {key: value for key, value in metrics.items() if key not in ("precision", "recall")}
        for name, metrics in tests.items()
    }


def _report(run, metrics, results, images, shown, remarks):
    test = metrics["test"]
    summary = [
        describe_images(images),
        *(sentence for sentence, _ in describe_duplicates(images.duplicates)),
        f"{test['accuracy']:.2%} of {test['images']} test images right by {test['protocol']}, "
        f"after {_work(metrics)}. {_calibration(test)}",
        *remarks,
    ]
    if run.interrupted:
        summary.append("Stopped by a signal before its last epoch.")
    if run.diverged:
        summary.insert(0, run.diverged)
    rows = [
        [r.name, str(r.crops), f"{m['accuracy']:.4f}", f"{m['loss']:.4f}", f"{r.images_per_second}"]
        for r, m in ((result, result.metrics()) for result in results)
    ]
    settings = [[k, str(v)] for k, v in dataclasses.asdict(run.config).items()]
    settings += [[name, version] for name, version in metrics["versions"].items()]
    return report_html(
        f"{run.recipe} on {images.name}",
        summary,
        [
            ("Tests", HEADER, rows),
            ("Classes", CLASS_HEADER, _class_rows(images, results[-1], test)),
            ("Settings", ("Name", "Value"), settings),
        ],
        shown,
    )


def _calibration(test):
    if not math.isfinite(test["calibration_error"]):
        return "Its probabilities are not finite."
    return (
        f"Its probabilities are {test['calibration_error']:.3f} from its accuracy on average "
        "(calibration error)."
    )


def _work(metrics):
    """Steps and seconds; a linear classifier takes no steps."""
    steps = f"{metrics['steps']} steps in " if metrics["steps"] else ""
    return f"{steps}{metrics['seconds']:.0f} seconds"


def _class_rows(images, result, test):
    """A row a class: how often it is right when said, how often found, what it is taken for."""
    matrix = result.confusion_matrix()
    names, trained = images.class_names, images.class_sizes or [None] * images.num_classes
    rows = []
    for label, taken_for in enumerate(most_confused(matrix)):
        shares = [_share(test[key][label]) for key in ("precision", "recall")]
        counts = [
            str(trained[label] if trained[label] is not None else ""),
            str(matrix[label].sum()),
        ]
        if taken_for is None:
            rows.append([names[label], *shares, *counts, ""])
        else:
            mistaken = f"{names[taken_for]} ({matrix[label, taken_for]})"
            rows.append([names[label], *shares, *counts, mistaken])
    return rows


def _share(value):
    return "none" if value is None else f"{value:.3f}"
