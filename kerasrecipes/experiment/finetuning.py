"""The end of a fine-tuning: temperature scaling, tests and all files of the run."""

import dataclasses
from typing import Any

import keras
import numpy as np

from kerasrecipes import augment
from kerasrecipes.evaluation import how_good, probe_figure, run_tests, task_of
from kerasrecipes.experiment.closing import close_run
from kerasrecipes.experiment.fitted_task import fitted_task
from kerasrecipes.experiment.several_crops import describe_several_crops, run_several_crops
from kerasrecipes.experiment.temperature import with_temperature
from kerasrecipes.serving import serving_classifier

OF_FIT = (
    "epochs", "learning_rate", "crops", "preflight", "tensorboard", "keep_going", "clip_norm",
    "accumulation_steps", "jit", "devices", "strategy", "scale_rate",
)  # fmt: skip


def unused_flags(config: Any) -> str:
    """Return the flags of fine-tuning that are not at their defaults, where only a head is fitted.

    Args:
        config: `Config` of a recipe that fine-tunes.

    Example:

    >>> from kerasrecipes import experiment
    >>> experiment.unused_flags(experiment.TrainingConfig(preflight=True, clip_norm=1.0))
    '--preflight, --clip-norm'
    """
    defaults = {field.name: field.default for field in dataclasses.fields(config)}
    given = [n for n in OF_FIT if n in defaults and getattr(config, n) != defaults[n]]
    return ", ".join("--" + name.replace("_", "-") for name in given)


def close_fine_tuning(
    run: Any,
    model: keras.Model,
    images: Any,
    crops: Any,
    crop: Any,
    plan: Any,
    probe: Any,
    history: Any = None,
) -> Any:
    """Test a fine-tuned classifier, write all files of its run, and return `metrics.json`.

    Args:
        run: The `Run`; its config also has `temperature` and `export`.
        model: Keras model from crops to probabilities.
        images: The `data.ImageData` of the run.
        crops: The `Crops` of fine-tuning, by whose most crops the model is tested too; `None`
            without fine-tuning.
        crop: The `augment.CenterCrop` for testing.
        plan: The `transfer.Plan`.
        probe: The `transfer.ProbeResult` that fine-tuning started from.
        history: The `History` of fine-tuning, or `None` if only the linear classifier was fitted.

    Returns:
        dict, the content of `metrics.json`.
    """
    model, remarks = run.replicas.on_one_device(model), []
    task = _fitted(task_of(images), model, images, crop, probe, history, run.config.batch_size)
    if task.name == "classes":
        remarks.append(_probe_sentence(probe.best, images, history))
    if run.config.temperature and task.name == "classes":
        held_out = probe
        if history is not None:
            held_out = augment.pipeline(
                images.validation, [crop], run.config.batch_size, training=False
            )
        model, sentence = with_temperature(model, held_out)
        remarks.append(sentence)
    tests = images.test or images.validation
    results = run_tests(
        model,
        tests,
        {"centre crop": crop},
        [],
        run.config.batch_size,
        verbose=task.name != "classes",
        task=task,
    )
    served, (result,) = serving_classifier(model, crop, images), results
    if task.name == "classes":
        remarks.insert(0, how_good(result))
    more = {}
    if crops is not None:
        several = list(crops.tests.items())[-1]
        by_crops = run_several_crops(run, {"fine_tuned": model}, tests, several, [], task)
        if by_crops:
            more["by_several_crops"], sentence = describe_several_crops(several[0], by_crops)
            remarks.append(sentence)
    rate = f"{result.images_per_second:,.0f} images a second, with reading and decoding"
    print(*remarks, f"{rate} ({result.speed_of}).", sep="\n")
    remarks.append(f"Plan: {plan.cell}: {plan.reason}.")
    figure = probe_figure(probe)
    return close_run(
        run,
        served,
        history,
        images,
        results,
        crops.train if crops else [crop],
        {"centre crop": crop},
        extra_figures=[("stages", "Linear classifiers on the stages of the backbone.", figure)],
        remarks=remarks,
        plan=plan.cell,
        stages=probe.summary(),
        **more,
    )


def _fitted(task, model, images, crop, probe, history, batch_size):
    """Return the task with its thresholds, chosen on what the model was not fitted to."""
    if task.name != "multilabel":
        return task
    if history is None and probe.best.left_out is not None:
        return task.fitted(np.exp(probe.best.left_out), probe.labels)
    batches = images.validation and augment.pipeline(images.validation, [crop], batch_size, False)
    return fitted_task(task, model, images, batches)


def _probe_sentence(probe, images, history):
    """Return a sentence on what a linear classifier was fitted to, and on its accuracy."""
    count = len(probe.left_out)
    which = f"{count} training images"
    if images.validation_size and count == images.train_size + images.validation_size:
        which = f"all {count} ({images.train_size} training + {images.validation_size} validation)"
    start = "" if history is None else "; fine-tuning started from it"
    return (
        f"Linear classifier on {probe.stage}, fitted on {which}: accuracy "
        f"{probe.left_out_accuracy:.1%} cross-validated{start}."
    )
