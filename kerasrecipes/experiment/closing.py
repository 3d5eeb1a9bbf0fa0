"""The end of a run: every file of its folder."""

import dataclasses

import keras

from kerasrecipes.experiment import pictures
from kerasrecipes.experiment.image_figures import confusion_figure, mistakes_figure, samples_figure
from kerasrecipes.experiment.images import describe_images
from kerasrecipes.experiment.report import figure_png, report_html

HEADER = ("Test", "Crops an image", "Accuracy", "Loss", "Images a second")


def serving_model(model, preprocessing, channels):
    """A model that takes raw pixels: `model` with a preprocessing layer in front.

    Args:
        model: Keras model from network input to probabilities.
        preprocessing: Layer from raw pixels `(batch, height, width, channels)` to network input.
        channels: Integer.

    Returns:
        A `keras.Model` of images of any size in 0..255, all of one batch of the same size.
    """
    inputs = keras.Input((None, None, channels), name="pixels", dtype="float32")
    return keras.Model(inputs, model(preprocessing(inputs)), name=f"{model.name}_from_pixels")


def close_run(run, model, history, images, results, train, protocols, **more):
    """Write every file of the run's folder, `metrics.json` last, and return its content.

    Args:
        run: The `Run`.
        model: Keras model to save as `model.keras`.
        history: What `fit` returned.
        images: The `data.ImageData` the run was trained on; tested on its test set, or on its
            validation set where there is none.
        results: List of `TestResult`; the last one is the run's figure.
        train: List of the transforms that training images go through, without normalisation.
        protocols: Dictionary of the transforms that crop for testing; the first one shows images.
        **more: Further entries of `metrics.json`.
    """
    best, crop = results[-1], next(iter(protocols.values()))
    if len(results) < len(protocols):
        run.tests_were_cut()
    curves = run.complete_epochs(history)
    figures = {
        "history": pictures.history_figure(curves, "validation" if images.validation else "test"),
        "samples": samples_figure(images, train, run.config.seed),
        "confusion": confusion_figure(images, best),
        "mistakes": mistakes_figure(images, best, crop),
    }
    pngs = {name: figure_png(figure) for name, figure in figures.items()}
    for name, png in pngs.items():
        run.write(f"{name}.png", png)
    run.write_history(curves)
    run.write_model(model)
    tests = {result.name: result.metrics() for result in results}
    test = {**best.metrics(), "protocol": best.name, "protocols": _without_classes(tests)}
    skipped = [list(pair) for pair in images.skipped]
    data = {
        "data": images.name,
        "class_names": list(images.class_names),
        "sizes": [images.train_size, images.validation_size, images.test_size],
        "skipped": skipped,
    }
    metrics = run.metrics_of(test, **data, **more)
    run.write("report.html", _report(run, metrics, results, images, pngs))
    run.close(metrics)
    return metrics


def _without_classes(tests):
    return {
        name: {key: value for key, value in metrics.items() if key not in ("precision", "recall")}
        for name, metrics in tests.items()
    }


def _report(run, metrics, results, images, pngs):
    test = metrics["test"]
    summary = [
        describe_images(images),
        f"{test['accuracy']:.2%} of {test['images']} test images right by {test['protocol']}, "
        f"after {metrics['steps']} steps in {metrics['seconds']:.0f} seconds.",
    ]
    if run.interrupted:
        summary.append("Stopped by Ctrl-C before its last epoch.")
    rows = [
        [r.name, str(r.crops), f"{m['accuracy']:.4f}", f"{m['loss']:.4f}", f"{r.images_per_second}"]
        for r, m in ((result, result.metrics()) for result in results)
    ]
    classes = [
        [name, _share(precision), _share(recall)]
        for name, precision, recall in zip(images.class_names, test["precision"], test["recall"])
    ]
    settings = [[k, str(v)] for k, v in dataclasses.asdict(run.config).items()]
    settings += [[name, version] for name, version in metrics["versions"].items()]
    captions = {
        "history": "Loss, accuracy and learning rate by epoch.",
        "samples": "Crops as they enter the network, before normalisation.",
        "confusion": "Test images by true and predicted class.",
        "mistakes": "The wrong predictions of the highest probability.",
    }
    return report_html(
        f"{run.recipe} on {images.name}",
        summary,
        [
            ("Tests", HEADER, rows),
            ("Classes", ("Class", "Precision", "Recall"), classes),
            ("Settings", ("Name", "Value"), settings),
        ],
        [(name.capitalize(), captions[name], png) for name, png in pngs.items()],
    )


def _share(value):
    return "none" if value is None else f"{value:.3f}"
