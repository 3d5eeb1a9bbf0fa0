"""Full-batch training by L-BFGS."""

from typing import Any

import keras

from kerasrecipes._backend.requirement import require_scipy
from kerasrecipes._validation import check_choice, check_integer, check_number
from kerasrecipes._warning import warn
from kerasrecipes.optimizers._chunks import Chunks
from kerasrecipes.optimizers._full_batch_loss import FullBatchLoss
from kerasrecipes.optimizers._inference_mode import check_inference
from kerasrecipes.optimizers._lbfgs_epochs import LBFGSEpochs, callback_list

LINE_SEARCH_STEPS = 20
OF_THE_RATE = (
    "LearningRateScheduler", "ReduceLROnPlateau", "SGDR", "PlateauFactor", "LearningRateFinder",
)  # fmt: skip


def fit_lbfgs(
    model: Any,
    x: Any,
    y: Any = None,
    sample_weight: Any = None,
    batch_size: int | None = None,
    epochs: int = 100,
    validation_data: Any = None,
    callbacks: Any = None,
    verbose: Any = "auto",
    gradient_tolerance: float = 1e-5,
    loss_tolerance: float = 1e-9,
    memory: int = 10,
    max_evaluations: int | None = None,
) -> Any:
    """Train all trainable weights on all data at once by L-BFGS, until the gradient vanishes.

    SciPy's L-BFGS-B minimises `f(w) = model.compute_loss` over all examples: the compiled loss,
    regularizers, and losses that layers add. There is no learning rate; a line search finds the
    length of each step. It suits small models, convex ones above all (logistic regression, linear
    support vector machines with a smooth loss), fine fits of physics or curves, and images that are
    optimised through a frozen network. With mini-batches or noise, use SGD or Adam.

    Value and gradient come from one compiled function, in float64 if the weights are, else in
    float32. For float64, call `keras.config.set_floatx("float64")`, the precision of losses, and
    `keras.config.set_dtype_policy("float64")`, that of layers, before building the model; on JAX,
    set the environment variable JAX_ENABLE_X64=1 too (Keras computes means there in float32, such
    as those of "mse": such a minimum is exact to about 1e-5).

    An iteration counts as an epoch of one batch: callbacks get the hooks of `fit`, `History` has
    `loss`, the compiled metrics, `val_` ones and `evaluations` (of the loss in that epoch), and
    `model.stop_training` ends the training after the iteration. Learning rates, weight decay and
    clipping of the compiled optimizer have no effect. The model is used in inference mode:
    dropout and other noise are off, and moving statistics stay as they are (both with a warning).
    `keras.constraints.NonNeg` is kept, as bounds.

    `callbacks.Resume` restores weights, epoch and `History` of a run that was killed, and training
    continues there. L-BFGS's memory of curvature is not stored and fills again: unlike with `fit`,
    the path to the minimum then differs from that of an uninterrupted run, and where there are
    several minima, so may the minimum.

    Args:
        model: compiled Keras model.
        x: array of the inputs, or a dict, list or tuple of arrays.
        y: array of the labels, or a dict, list or tuple of arrays. Defaults to `None`, for models
            whose layers add all losses.
        sample_weight: array of a weight per example, or `None` (the default) for 1.
        batch_size: int >= 1, examples in memory at once, or `None` (the default) for all. The
            gradients of batches are summed: the result is the same to rounding, if the loss is a
            mean or a sum over examples.
        epochs: int >= 1, most iterations. Defaults to 100.
        validation_data: tuple `(x, y)` or `(x, y, sample_weight)`, evaluated after each iteration.
            Defaults to `None`.
        callbacks: list of Keras callbacks. Defaults to `None`.
        verbose: 0, 1, 2 or "auto" (default), as in `fit`.
        gradient_tolerance: float >= 0; ends when no component of the gradient (projected onto
            bounds) is larger. Defaults to 1e-5.
        loss_tolerance: float >= 0; ends when an iteration lowers the loss by less than this
            fraction of max(|f|, 1). Defaults to 1e-9.
        memory: int >= 1, steps and gradients that approximate the curvature. It takes
            2 · memory + 5 vectors of all weights in float64. Defaults to 10.
        max_evaluations: int >= 1, evaluations of the loss after which the iteration is the last, or
            `None` (the default) for no limit.

    Returns:
        `keras.callbacks.History`, whose attribute `message` says why training ended.

    Raises:
        ValueError: if the model is not compiled, has nothing to train or computes in half
            precision; if it draws random numbers in inference mode, or changes its state; if the
            data do not fit; if loss or gradient are not finite.
        TypeError: if the data are no arrays.
        ImportError: without SciPy (`pip install 'kerasrecipes[lbfgs]'`).

    Example:

    >>> import keras, numpy as np
    >>> from kerasrecipes import optimizers
    >>> x = np.linspace(-1, 1, 20)[:, None]
    >>> model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    >>> model.compile(loss="mse")
    >>> history = optimizers.fit_lbfgs(model, x, 3 * x + 1, verbose=0)
    >>> [round(float(value.squeeze()), 3) for value in model.get_weights()]
    [3.0, 1.0]

    Reference:
        Liu & Nocedal, 1989, https://doi.org/10.1007/BF01589116; Byrd, Lu, Nocedal & Zhu, 1995,
        https://doi.org/10.1137/0916069 (L-BFGS-B).
    """
    require_scipy("optimizers.fit_lbfgs")
    from scipy.optimize import minimize

    _check_options(epochs, verbose, gradient_tolerance, loss_tolerance, memory)
    for name, value in (("batch_size", batch_size), ("max_evaluations", max_evaluations)):
        if value is not None:
            check_integer(name, value, "[1, inf)")
    _check_model(model, y)
    chunks = Chunks(x, y, sample_weight, batch_size, model.loss)
    check_inference(model, chunks)
    loss = FullBatchLoss(model, chunks)
    bounds = loss.bounds()
    callbacks = callback_list(model, callbacks, verbose, epochs)
    _warn_of_no_effect(model, callbacks)
    measure = _measure(model, x, y, sample_weight, validation_data, callbacks, chunks.size)
    steps = LBFGSEpochs(model, loss, callbacks, epochs, measure)
    start = loss.vector()
    is_left, start = steps.begin(start, loss(start))
    result = None
    if is_left:
        options = {
            "maxiter": epochs - steps.epoch,
            "maxfun": max_evaluations or 2**62,
            "maxcor": memory,
            "maxls": LINE_SEARCH_STEPS,
            "gtol": gradient_tolerance,
            "ftol": loss_tolerance,
        }
        result = minimize(
            steps.evaluate, start, jac=True, method="L-BFGS-B", bounds=bounds,
            callback=steps.end_epoch, options=options,
        )  # fmt: skip
    steps.end(result)
    model.history.message = "nothing was left to train" if result is None else result.message
    return model.history


def _check_options(epochs, verbose, gradient_tolerance, loss_tolerance, memory):
    check_integer("epochs", epochs, "[1, inf)")
    check_choice("verbose", verbose, ("auto", 0, 1, 2))
    check_number("gradient_tolerance", gradient_tolerance, "[0, inf)")
    check_number("loss_tolerance", loss_tolerance, "[0, inf)")
    check_integer("memory", memory, "[1, inf)")


def _check_model(model, y):
    if not isinstance(model, keras.Model):
        raise TypeError(
            "Argument `model` must be a Keras model. Received: "
            f"model={model!r} (of type {type(model).__name__})"
        )
    if not model.compiled:
        raise ValueError(
            "Argument `model` must be compiled with a loss. Received: a model without `compile`"
        )
    if y is None and model.loss is not None:
        raise ValueError(
            f"Argument `y` must be given for a model with a compiled loss. Received: y={y}, "
            f"loss={model.loss!r}"
        )


def _warn_of_no_effect(model, callbacks):
    """Warn of options that L-BFGS ignores and that would change the result of `fit`."""
    decay = getattr(model.optimizer, "weight_decay", None)
    if decay:
        warn(
            f"The optimizer's `weight_decay={decay}` has no effect on L-BFGS: use "
            "`kernel_regularizer`."
        )
    names = [type(callback).__name__ for callback in callbacks.callbacks]
    for name in sorted(set(names) & set(OF_THE_RATE)):
        warn(f"The callback {name} has no effect: L-BFGS has no learning rate.")


def _measure(model, x, y, sample_weight, validation_data, callbacks, size):
    """Return a function that computes the compiled metrics, and those of validation."""
    has_metrics = any(metric.name != "loss" for metric in model.metrics)
    validation_x, validation_y, weights = keras.utils.unpack_x_y_sample_weight(validation_data)

    def measure():
        logs = {}
        if has_metrics:
            logs = model.evaluate(
                x, y, sample_weight=sample_weight, batch_size=size, verbose=0, return_dict=True
            )
            del logs["loss"]
        if validation_data is not None:
            values = model.evaluate(
                validation_x, validation_y, sample_weight=weights, batch_size=size, verbose=0,
                callbacks=callbacks, return_dict=True,
            )  # fmt: skip
            logs.update({f"val_{name}": value for name, value in values.items()})
        return logs

    return measure
