"""Fine-tuning in phases: head first, then deeper."""

import math
from collections.abc import Sequence
from typing import Any

import keras

from kerasrecipes._validation import check_integer
from kerasrecipes._warning import warn
from kerasrecipes.callbacks import SGDR, Resume
from kerasrecipes.callbacks._interruption import was_interrupted
from kerasrecipes.transfer._best_phase import BestPhase
from kerasrecipes.transfer._freezing import FrozenWeights, first_trained, freeze
from kerasrecipes.transfer._phase_optimizers import PhaseOptimizers
from kerasrecipes.transfer._training_data import TrainingData
from kerasrecipes.transfer.phase import Phase


def fine_tune(
    model: keras.Model,
    data: Any,
    phases: Sequence[Any],
    validation_data: Any = None,
    optimizer: Any = "adam",
    loss: Any = "sparse_categorical_crossentropy",
    metrics: Any = ("accuracy",),
    callbacks: Sequence[keras.callbacks.Callback] = (),
    batch_size: int = 32,
    steps_per_epoch: Any = None,
    class_weight: dict[int, float] | None = None,
    seed: int = 0,
    jit_compile: bool | str = "auto",
    verbose: int | str = "auto",
    weighted_metrics: Any = (),
) -> keras.callbacks.History:
    """Train a model in phases, each of which may train more layers.

    Each phase freezes layers, compiles and calls `fit`; epochs are numbered across phases. Layers
    trained in earlier phases keep their optimizer slots and their number of updates (for Adam's
    bias correction). After each epoch frozen weights and statistics are compared by their bytes; an
    error is raised if one changed. With a `BestSnapshot` the model is restored from the best phase.

    A phase that trains only the head still computes the frozen layers in each epoch. If the images
    are the same in each epoch, compute the features once instead: `linear_probe` fits the best
    linear head, with kernel and bias for the layer `"classifier"`; `extract_features` returns the
    features for any other head.

    Callbacks see one `fit` per phase. `SGDR` continues from phase to phase, and its learning rate
    replaces those of the phases. Patience ends one phase, Ctrl-C ends all. `Resume` has one part
    per phase: if the script is started again, finished phases are restored without training.

    Args:
        model: functional `keras.Model` of images, such as from `classifier`.
        data: arrays `(x, y)` or `(x, y, sample_weight)`, shuffled in each epoch; or a dataset
            that `fit` takes, finite or with `steps_per_epoch`; or a function of a step that
            returns an infinite dataset from that step on, such as
            `lambda step: augment.pipeline(..., start_step=step)`: a killed run can then resume
            within an epoch.
        phases: tuple or list of `Phase`, or a `Plan`.
        validation_data: as `fit` takes it, or `None`.
        optimizer: a Keras optimizer or its name; each phase trains with a copy. Defaults to Adam.
        loss: as `compile` takes it. Defaults to cross-entropy with integer labels.
        metrics: tuple or list, as `compile` takes it. Defaults to accuracy.
        callbacks: tuple or list of callbacks, the same for all phases. Defaults to none.
        batch_size: int >= 1, for arrays. Defaults to 32.
        steps_per_epoch: int >= 1 for infinite data, `None` (default) for others.
        class_weight: dict {class: weight >= 0} or `None`.
        seed: int >= 0, seed of the order of arrays. Defaults to 0.
        jit_compile: as `compile` takes it. Defaults to `"auto"`.
        verbose: as `fit` takes it. Defaults to `"auto"`.
        weighted_metrics: tuple or list, as `compile` takes it. Defaults to ().

    Returns:
        `keras.callbacks.History` of all epochs. The model is compiled as in the phase of its
        weights.

    Raises:
        TypeError, ValueError: for an argument of the wrong type or out of range.
        RuntimeError: if a frozen layer changed.

    Example:

    >>> import numpy as np
    >>> from kerasrecipes import models
    >>> from kerasrecipes.transfer import Phase, classifier, fine_tune
    >>> model = classifier(models.resnet(8, (32, 32, 3), 10, include_top=False), classes=2)
    >>> x, y = np.random.default_rng(0).normal(size=(8, 32, 32, 3)), np.arange(8) % 2
    >>> phases = [Phase("head", 2, 1e-2), Phase(1, 1, 1e-3)]
    >>> history = fine_tune(model, (x, y), phases, verbose=0)
    >>> history.epoch, len(history.history["loss"])
    ([0, 1, 2], 3)

    Reference: Li, Johnson & Yeung, CS231n, "Transfer learning with CNNs". Keras's guide "Transfer
        learning & fine-tuning" recompiles by hand, and loses the optimizer's slots.
    """
    check_integer("seed", seed, "[0, inf)")
    check_integer("batch_size", batch_size, "[1, inf)")
    _check_sequences(callbacks, metrics=metrics, weighted_metrics=weighted_metrics)
    phases = _checked_phases(model, getattr(phases, "phases", phases), callbacks)
    data = TrainingData(data, batch_size, steps_per_epoch, class_weight, seed)
    optimizers = PhaseOptimizers(model, keras.optimizers.get(optimizer))
    compile_options = {
        "loss": loss,
        "metrics": list(metrics),
        "weighted_metrics": list(weighted_metrics),
        "jit_compile": jit_compile,
    }
    fit_options = {
        "steps_per_epoch": data.steps_per_epoch,
        "validation_data": validation_data,
        "class_weight": data.class_weight,
        "verbose": verbose,
    }
    best, history = BestPhase(callbacks), _empty_history(model)
    for number, phase in enumerate(phases, start=1):
        freeze(model, phase)
        model.compile(optimizers.make(phase), **compile_options)
        optimizers.build(model.optimizer)
        frozen = FrozenWeights(model)
        in_phase = [*_callbacks_of_phase(callbacks, number), frozen]
        part = _fit(model, data, phase, history, in_phase, fit_options)
        frozen.check()
        optimizers.count()
        best.compare(model, number, phase)
        _append(history, part)
        if was_interrupted(in_phase):
            break
    best.restore(model, number, compile_options)
    model.history = history
    return history


def _check_sequences(callbacks, **metrics):
    """Raise for one object where several are asked for, and for a dict, which loses its values."""
    for name, value in metrics.items():
        if not isinstance(value, (tuple, list)):
            raise TypeError(
                f"Argument `{name}` must be a tuple or list. Received: {name}={value!r}"
            )
    several = isinstance(callbacks, (tuple, list))
    if not several or not all(isinstance(one, keras.callbacks.Callback) for one in callbacks):
        raise TypeError(
            "Argument `callbacks` must be a tuple or list of keras callbacks. "
            f"Received: callbacks={callbacks!r}"
        )


def _checked_phases(model, phases, callbacks):
    """Return the phases as a list, checked against the model and the callbacks."""
    several = isinstance(phases, (tuple, list)) and phases
    if not several or not all(isinstance(phase, Phase) for phase in phases):
        raise TypeError(
            "Argument `phases` must be a Plan, or a tuple or list of one or more Phase. "
            f"Received: phases={phases!r}"
        )
    for phase in phases:
        first_trained(model, phase.train)
    driven = any(isinstance(other, SGDR) for other in callbacks)
    if driven and any(phase.learning_rate is not None for phase in phases):
        warn("The `learning_rate` of the phases has no effect: SGDR sets the rate.")
    return list(phases)


def _callbacks_of_phase(callbacks, number):
    """Return the callbacks, with each `Resume` replaced by its part for this phase."""
    name = f"phase{number}"
    return [other.part(name) if isinstance(other, Resume) else other for other in callbacks]


def _fit(model, data, phase, history, callbacks, options):
    """Train for the epochs of one phase, numbered after those of `history`."""
    epoch = max(history.epoch, default=-1) + 1
    step = len(history.epoch) * (data.steps_per_epoch or 0)
    resume = next((other for other in callbacks if isinstance(other, Resume)), None)
    if data.begin_at is not None and resume is not None:
        step += resume.step  # reading `step` tells `Resume` that the data begin there
    batches = data.from_step(step)
    return model.fit(
        batches,
        initial_epoch=epoch,
        epochs=epoch + phase.epochs,
        callbacks=callbacks,
        shuffle=isinstance(batches, keras.utils.PyDataset),
        **options,
    )


def _empty_history(model):
    history = keras.callbacks.History()
    history.set_model(model)
    history.on_train_begin()
    return history


def _append(history, part):
    """Append the epochs of a phase; metrics that it did not log are NaN."""
    logged, count = history.history, len(history.epoch)
    for name in [*logged, *(name for name in part.history if name not in logged)]:
        values = part.history.get(name, [math.nan] * len(part.epoch))
        logged.setdefault(name, [math.nan] * count).extend(values)
    history.epoch.extend(part.epoch)
