"""The slots (state per variable) of an optimizer, and their transfer to another optimizer."""

import keras

from kerasrecipes._backend.keras_internals import (
    ACCUMULATED_GRADIENTS,
    MOVING_AVERAGES,
    NOT_SLOTS,
    optimized_variables,
    rate_or_schedule,
    step_counter,
)
from kerasrecipes._backend.updating_optimizers import updating_optimizers

NOT_CARRIED = (ACCUMULATED_GRADIENTS, MOVING_AVERAGES)


def slots(optimizer):
    """Return {(attribute, id of the model's variable): slot} of a built optimizer."""
    result = {}
    owners = optimized_variables(optimizer)
    for attribute, values in vars(optimizer).items():
        if attribute in NOT_SLOTS:
            continue
        if not isinstance(values, (list, tuple)) or len(values) != len(owners):
            continue
        if all(value is None or isinstance(value, keras.Variable) for value in values):
            for owner, value in zip(owners, values):
                if value is not None:
                    result[attribute, id(owner)] = value
    return result


def _single(optimizer):
    """Return the one optimizer inside any wrappers."""
    (single,) = updating_optimizers(optimizer)
    return single


def shared_variables(optimizer):
    """Return an optimizer's state other than slots, step counter and learning rate."""
    excluded = {id(slot) for slot in slots(optimizer).values()}
    excluded |= {id(step_counter(optimizer)), id(rate_or_schedule(optimizer))}
    return [variable for variable in optimizer.variables if id(variable) not in excluded]


def carry_over(old, new):
    """Copy the slots of `old` to `new` for the variables of both; the step counter stays.

    Accumulated gradients are not copied, nor are the optimizer's moving averages of the weights,
    which start again with the step counter.
    """
    stored = slots(_single(old))
    for key, slot in slots(_single(new)).items():
        if key in stored and key[0] not in NOT_CARRIED:
            slot.assign(stored[key])
    for one, other in zip(shared_variables(_single(old)), shared_variables(_single(new))):
        other.assign(one)
    if hasattr(old, "dynamic_scale") and hasattr(new, "dynamic_scale"):
        new.dynamic_scale.assign(old.dynamic_scale)
        new.step_counter.assign(old.step_counter)
