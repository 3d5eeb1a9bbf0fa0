"""Fine-tuning in phases: head first, then deeper."""

import warnings

from kerasrecipes._validation import check_choice, check_integer
from kerasrecipes.callbacks import SGDR
from kerasrecipes.transfer._freezing import first_trained
from kerasrecipes.transfer._tuning import Tuning
from kerasrecipes.transfer._tuning_data import TuningData
from kerasrecipes.transfer.phase import Phase


def fine_tune(
    model,
    data,
    phases,
    validation_data=None,
    optimizer="adam",
    loss="sparse_categorical_crossentropy",
    metrics=("accuracy",),
    callbacks=(),
    batch_size=32,
    steps_per_epoch=None,
    class_weight=None,
    cache="auto",
    seed=0,
    jit_compile="auto",
    verbose="auto",
):
    """Train a model in phases, in each of which more of it may train.

    Each phase freezes, compiles and calls `fit`; epochs are counted on. Layers that trained before
    keep their optimizer slots and their own count of updates (Adam corrects by it); frozen
    weights and statistics are compared by their bytes after each epoch, and an error is
    raised if one moved. With a `BestSnapshot`, the model ends as the best phase left it.

    A phase of the head alone trains on the features of what is frozen, computed once and as in
    prediction: its epochs cost next to nothing.

    Callbacks see one `fit` a phase. `SGDR` goes on from phase to phase, and its rate replaces those
    of the phases; patience ends a phase, Ctrl-C all of them. `Resume` keeps a folder for each phase
    inside its own: start the script again, and phases that are done are restored at once.

    Args:
        model: functional `keras.Model` of images, such as `classifier` returns.
        data: arrays `(x, y)` or `(x, y, sample_weight)`, shuffled anew in each pass;
            or a data set that `fit` takes, finite or with `steps_per_epoch`; or a function of a
            step that returns an endless data set that begins there, such as
            `lambda step: augment.pipeline(..., start_step=step)`: a killed run then goes on
            inside an epoch.
        phases: sequence of `Phase`, or a `Plan`.
        validation_data: as `fit` takes it, or `None`.
        optimizer: a Keras optimizer or its name; each phase trains with a copy. Defaults to Adam.
        loss: as `compile` takes it. Defaults to cross-entropy with integer labels.
        metrics: sequence, as `compile` takes it. Defaults to accuracy.
        callbacks: sequence of callbacks, the same for all phases.
        batch_size: integer >= 1, for arrays. Defaults to 32.
        steps_per_epoch: integer >= 1 for endless data, `None` (default) for others.
        class_weight: dict {class: weight} or `None`.
        cache: `"auto"`, `True` or `False`: whether phases of the head train on cached features.
            `"auto"`: if the data are arrays, the model has no random augmentation and no callback
            may look at the whole model (`ModelCheckpoint` does; your own may). `True` takes finite
            data sets too, whose first pass is then used in all epochs. Defaults to `"auto"`.
        seed: integer >= 0, of the order of arrays. Defaults to 0.
        jit_compile: as `compile` takes it. Defaults to `"auto"`.
        verbose: as `fit` takes it. Defaults to `"auto"`.

    Returns:
        `keras.callbacks.History` of all epochs. The model is compiled as for the phase that it is
        from.

    Raises:
        TypeError, ValueError: for an argument of the wrong type or out of range.
        RuntimeError: if a frozen layer moved.

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
        learning & fine-tuning" compiles anew by hand, and loses the optimizer's slots.
    """
    check_choice("cache", cache, ("auto", True, False))
    check_integer("seed", seed, "[0, inf)")
    check_integer("batch_size", batch_size, "[1, inf)")
    phases = _checked_phases(model, getattr(phases, "phases", phases), callbacks)
    tuning = Tuning(
        model,
        TuningData(data, validation_data, batch_size, steps_per_epoch, class_weight, seed),
        optimizer,
        callbacks,
        compile_options={"loss": loss, "metrics": list(metrics), "jit_compile": jit_compile},
        verbose=verbose,
    )
    for phase in phases:
        tuning.run(phase, cache)
        if tuning.interrupted:
            break
    return tuning.finish(phase)


def _checked_phases(model, phases, callbacks):
    """The phases as a list, each of which can be had with this model and these callbacks."""
    phases = list(phases)
    if not phases or not all(isinstance(phase, Phase) for phase in phases):
        raise TypeError(
            "Argument `phases` must be a Plan or a sequence of one or more Phase. "
            f"Received: phases={phases!r}"
        )
    for phase in phases:
        first_trained(model, phase.train)
    driven = any(isinstance(other, SGDR) for other in callbacks)
    if driven and any(phase.learning_rate is not None for phase in phases):
        warnings.warn(
            "The `learning_rate` of the phases has no effect: SGDR drives the rate.", stacklevel=3
        )
    return phases
