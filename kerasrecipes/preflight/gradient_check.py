"""Analytic against numeric gradients."""

import keras
import numpy as np

from kerasrecipes.preflight.check import FAIL, PASS, SKIP, WARN, Check
from kerasrecipes.preflight.gradient_errors import gradient_errors
from kerasrecipes.preflight.trial_model import tensors, to_numpy

EXAMPLES, VARIABLES = 8, 6
ADVICE = (
    "Look for operations without a gradient (argmax, round, NumPy) and for custom gradients in the "
    "layers between this weight and the loss."
)


def check_gradients(facts):
    """The gradient of a few weights is the slope of the loss along them: `gradient_errors`."""
    trial = facts.trial
    if "16" in keras.backend.standardize_dtype(trial.model.compute_dtype):
        return Check("gradients", SKIP, "16-bit numbers are too coarse for a numeric gradient")
    variables = _picked(trial.model.trainable_variables)
    if not variables:
        return Check("gradients", SKIP, "no weight is trained")
    loss_of = _loss_function(trial.model, variables, facts.batch.take(EXAMPLES))
    errors = gradient_errors(loss_of, [to_numpy(v) for v in variables], facts.seed)
    number = int(np.argmax(errors))
    worst, name = errors[number], variables[number].path
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
            return model.compute_loss(x=x, y=y, y_pred=outputs, training=True)

    return loss_of
