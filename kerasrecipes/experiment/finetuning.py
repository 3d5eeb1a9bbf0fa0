"""What the end of a fine-tuning needs: how good it is in words, its temperature, its model."""

from typing import Any

import keras
import numpy as np

from kerasrecipes import augment
from kerasrecipes.evaluation import how_good, probe_figure, run_tests
from kerasrecipes.evaluation.pick import pick
from kerasrecipes.experiment.closing import close_run
from kerasrecipes.inference import fit_temperature, multi_crop_predict
from kerasrecipes.serving import calibrated_model, export_model, serving_classifier

FEWEST_PREDICTIONS = 50


def close_fine_tuning(
    run: Any,
    model: keras.Model,
    images: Any,
    train: Any,
    crop: Any,
    plan: Any,
    probe: Any,
    history: Any = None,
) -> Any:
    """Test a fine-tuned classifier, write every file of its run, and return `metrics.json`.

    Args:
        run: The `Run`; its config has `temperature` and `export` besides.
        model: Keras model from crops to probabilities.
        images: The `data.ImageData` that it was trained on.
        train: List of the transforms of training images.
        crop: The `augment.CenterCrop` of testing.
        plan: The `transfer.Plan`.
        probe: The `transfer.ProbeResult` that it began with.
        history: The `History` of fine-tuning, or `None` if the linear classifier is all.
    """
    remarks = [f"Plan: {plan.cell}: {plan.reason}.", _probe_sentence(probe.best, history)]
    if run.config.temperature:
        known = probe
        if history is not None:
            known = augment.pipeline(
                images.validation, [crop], run.config.batch_size, training=False
            )
        model, sentence = with_temperature(model, known)
        remarks.append(sentence)
    tests = images.test or images.validation
    results = run_tests(model, tests, {"centre crop": crop}, [], run.config.batch_size)
    served = serving_classifier(model, crop, images)
    if run.config.export:
        remarks.append(_export(served, run.folder, run.config.export, images))
    remarks.insert(0, how_good(results[-1]))
    print(*remarks, sep="\n")
    figure = probe_figure(probe)
    return close_run(
        run,
        served,
        history or _history_of(probe.best),
        images,
        results,
        train,
        {"centre crop": crop},
        extra_figures=[("stages", "Linear classifiers on stages of the backbone.", figure)],
        remarks=remarks,
        plan=plan.cell,
        stages=probe.summary(),
    )


def _history_of(probe):
    """A linear classifier is found at once: one epoch, watched by cross-validation."""
    history = keras.callbacks.History()
    history.epoch = [0]
    history.history = {
        "loss": [probe.loss],
        "accuracy": [probe.accuracy],
        "val_loss": [probe.left_out_loss],
        "val_accuracy": [probe.left_out_accuracy],
    }
    return history


def _probe_sentence(probe, history):
    """How good a linear classifier is on images that it was not fitted to."""
    count = np.count_nonzero(~np.isnan(probe.left_out[:, 0]))
    begun = "" if history is None else "that fine-tuning began with "
    return (
        f"The linear classifier {begun}on {probe.stage} had {probe.left_out_accuracy:.1%} of "
        f"{count} images right when it was fitted without them (cross-validation)."
    )


def with_temperature(model: keras.Model, known: Any) -> Any:
    """Return a model made as sure as it deserves, and a sentence that says so.

    Under 50 predictions the model stays as it is: a temperature fitted to so few can make it
    worse than none.

    Args:
        model: Keras model from images to probabilities.
        known: What it was not trained on: a finite dataset of (images, labels), or the
            `transfer.ProbeResult` whose best classifier is the model's, left out by
            cross-validation.
    """
    if hasattr(known, "best"):
        seen = ~np.isnan(known.best.left_out[:, 0])
        probabilities = np.exp(known.best.left_out[seen])
        labels = known.labels[seen]
        whose = "cross-validation's"
    else:
        probabilities, labels = multi_crop_predict(model, known, return_labels=True)
        whose = "the validation images'"
    if len(labels) < FEWEST_PREDICTIONS:
        return model, (
            f"No temperature: {whose} {len(labels)} predictions are too few to fit one "
            f"({FEWEST_PREDICTIONS} are needed)."
        )
    temperature = fit_temperature(probabilities, labels)
    sentence = f"Temperature {temperature:.3f}, from {whose} {len(labels)} predictions."
    return calibrated_model(model, temperature), sentence


def _export(model, folder, kind, images):
    """Export a served model, compared on a test image, and say how it went."""
    decode = augment.DecodeImage(images.channels) if images.encoded else np.asarray
    image = next(pick(images.test or images.validation, [0], decode))
    try:
        return export_model(model, folder, kind, image).message
    except ValueError as error:
        return f"Not exported to {kind}: {error}"
