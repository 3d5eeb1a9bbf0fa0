"""What an optimizer keeps for each variable, and how another optimizer takes it over."""

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
    """Return {(attribute, model variable's id): slot} of a single optimizer that is built."""
    found = {}
    owners = optimized_variables(optimizer)
    for attribute, values in vars(optimizer).items():
        if attribute in NOT_SLOTS:
            continue
        if not isinstance(values, (list, tuple)) or len(values) != len(owners):
            continue
        if all(value is None or isinstance(value, keras.Variable) for value in values):
            for owner, value in zip(owners, values):
                if value is not None:
                    found[attribute, id(owner)] = value
    return found


def _single(optimizer):
    """Return the one optimizer inside wrappers."""
    (single,) = updating_optimizers(optimizer)
    return single


def shared_variables(optimizer):
    """Return the variables of a single optimizer that are not by variable, count and rate aside."""
    known = {id(slot) for slot in slots(optimizer).values()}
    known |= {id(step_counter(optimizer)), id(rate_or_schedule(optimizer))}
    return [variable for variable in optimizer.variables if id(variable) not in known]


def carry_over(old, new):
    """Give `new` the slots that `old` has for the same variables; its count of updates stays.

    Gradients that wait for the rest of their group are left out, as are the optimizer's own
    averages, which begin anew with the count.
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
