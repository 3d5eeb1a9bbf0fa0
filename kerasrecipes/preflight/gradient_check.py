"""Analytic against numeric gradients."""

import keras
import numpy as np

from kerasrecipes._backend.gradient import gradients_of
from kerasrecipes.preflight.check import FAIL, PASS, SKIP, WARN, Check
from kerasrecipes.preflight.trial_model import tensors, to_numpy

EXAMPLES, VARIABLES = 8, 6
CHANGES = (1e-2, 1e-3, 1e-4)  # of the loss, by the steps that are tried
NOISE = 1e-4
ADVICE = (
    "Look for operations without a gradient (argmax, round, NumPy) and for custom gradients in the "
    "layers between this weight and the loss."
)


def check_gradients(facts):
    """The gradient of a few weights is the slope of the loss along them.

    Along a direction d in one variable: ∂loss/∂d against (loss(w + h·d) - loss(w - h·d)) / 2h, with
    the best of three steps h, as ReLU and max pooling have kinks.
    """
    trial = facts.trial
    if "16" in keras.backend.standardize_dtype(trial.model.compute_dtype):
        return Check("gradients", SKIP, "16-bit numbers are too coarse for a numeric gradient")
    variables = _picked(trial.model.trainable_variables)
    if not variables:
        return Check("gradients", SKIP, "no weight is trained")
    loss_of = _loss_function(trial.model, variables, facts.batch.take(EXAMPLES))
    values = [keras.ops.convert_to_tensor(to_numpy(v)) for v in variables]
    loss, gradients = gradients_of(loss_of, values)
    arrays = [to_numpy(value).astype("float64") for value in values]
    generator = np.random.default_rng(facts.seed)
    worst, name = 0.0, variables[0].path
    for number, gradient in enumerate(gradients):
        error = _error(loss_of, arrays, number, to_numpy(gradient), float(loss), generator)
        if error > worst:
            worst, name = error, variables[number].path
    finding = f"of {len(variables)} variables the largest difference is {worst:.1%}, at {name}"
    if not worst <= 0.3:
        return Check("gradients", FAIL, finding, ADVICE)
    if worst > 0.1:
        return Check("gradients", WARN, finding, ADVICE)
    return Check("gradients", PASS, finding)


def _picked(variables):
    variables = [v for v in variables if "float" in keras.backend.standardize_dtype(v.dtype)]
    count = min(VARIABLES, len(variables))
    return [variables[i] for i in np.linspace(0, len(variables) - 1, count).astype(int)]


def _loss_function(model, variables, batch):
    x, y = tensors(batch.x), tensors(batch.y)

    def loss_of(*values):
        with keras.StatelessScope(state_mapping=list(zip(variables, values))):
            outputs = model(x, training=True)
            loss = model.compute_loss(x=x, y=y, y_pred=outputs, training=True)
        return loss, loss

    return loss_of


def _error(loss_of, arrays, number, gradient, loss, generator):
    """Return the relative difference of both slopes in one variable, by its best step."""
    gradient = gradient.astype("float64")
    if not np.isfinite(gradient).all():
        return np.inf
    direction = _unit(_unit(gradient) + 0.5 * _unit(generator.normal(size=gradient.shape)))
    slope = float((gradient * direction).sum())
    largest = 0.05 * (np.linalg.norm(arrays[number]) + 0.1 * np.sqrt(gradient.size))
    errors = []
    for change in CHANGES:
        step = min(change * max(abs(loss), 1e-2) / max(abs(slope), 1e-12), largest)
        ends = [_loss_at(loss_of, arrays, number, s * step * direction) for s in (1, -1)]
        numeric, analytic = (ends[0] - ends[1]) / 2, slope * step
        excess = abs(numeric - analytic) - NOISE * CHANGES[0] * max(abs(loss), 1e-2)
        errors.append(max(0.0, excess) / max(abs(numeric), abs(analytic), 1e-30))
        if errors[-1] < 0.02:
            break
    return min(errors)


def _loss_at(loss_of, arrays, number, offset):
    moved = [array + offset if i == number else array for i, array in enumerate(arrays)]
    loss, _ = loss_of(*(keras.ops.convert_to_tensor(part, "float32") for part in moved))
    return float(to_numpy(loss))


def _unit(array):
    return array / max(np.linalg.norm(array), 1e-30)
