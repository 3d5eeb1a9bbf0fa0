"""How many batches an optimizer was given, with those that a loss scale skipped."""

from kerasrecipes._backend.keras_internals import replace_apply, step_counter


class BatchCounter:
    """Counts batches in a variable that a `LossScaleOptimizer` has and does not use itself.

    The optimizer inside counts the batches whose gradients were finite only. The variable is part
    of the optimizer's state on every backend, in files and in what `Resume` writes.
    """

    def __init__(self, optimizer):
        self._optimizer = optimizer
        self._traced = None
        replace_apply(optimizer, self._apply, self._stateless_apply)

    def count(self):
        """Return the variable; while JAX traces a step, the value that the step is given."""
        return step_counter(self._optimizer) if self._traced is None else self._traced

    def remove(self):
        replace_apply(self._optimizer, None, None)

    def _apply(self, grads, trainable_variables=None):
        optimizer = self._optimizer
        type(optimizer).apply(optimizer, grads, trainable_variables)
        step_counter(optimizer).assign_add(1)

    def _stateless_apply(self, optimizer_variables, grads, trainable_variables):
        optimizer = self._optimizer
        places = [id(variable) for variable in optimizer.variables]
        place = places.index(id(step_counter(optimizer)))
        self._traced = count = optimizer_variables[place]
        try:
            trainable_variables, updated = type(optimizer).stateless_apply(
                optimizer, optimizer_variables, grads, trainable_variables
            )
        finally:
            self._traced = None
        updated = list(updated)
        updated[place] = count + 1
        return trainable_variables, updated
