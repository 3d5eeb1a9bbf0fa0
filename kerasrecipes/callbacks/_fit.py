"""The callbacks of this package that take part in one `fit`."""

import threading
import weakref

from keras import ops

from kerasrecipes._backend.keras_internals import logs_of_fit, running_fits, step_counter
from kerasrecipes._backend.updating_optimizers import updating_optimizers
from kerasrecipes._warning import warn

# Looked up by key under the lock, never iterated: fits may run in several threads.
_fits = weakref.WeakValueDictionary()
_lock = threading.Lock()


class Fit:
    """Who takes part in one `fit`, who has begun, and the common moments at begin and end.

    Keras shows a callback its model, not its companions; but it hands all callbacks of one `fit`
    the very same dictionary in `set_params`, all of them before the first `on_train_begin`.
    """

    def __init__(self, params):
        self.params = params  # held, so that its id stays its own
        self.members = []
        self._begun = []
        self._has_ended = False
        self._left = []
        self._batch = self._logs = None

    @classmethod
    def of(cls, params):
        """Return the `Fit` whose callbacks were handed this dictionary."""
        with _lock:
            fit = _fits.get(id(params))
            if fit is None:
                fit = _fits[id(params)] = cls(params)
            return fit

    def join(self, callback):
        if _contains(self.members, callback):
            raise ValueError(
                "Argument `callbacks` must hold each callback once. "
                f"Received: the same {type(callback).__name__} twice"
            )
        self.members.append(callback)

    def check_not_nested(self, callback):
        """Raise if a callback of a `fit` that still runs has called this one in a harmful way."""
        model = callback._trained_model
        for outer_model, params in running_fits():
            outer = _fits.get(id(params))
            if outer is None or outer is self:
                continue
            if outer_model is model:
                raise ValueError(
                    f"A callback has called `fit` of {model.name}, which is in a fit already, with "
                    f"{type(outer.members[0]).__name__}. Train a copy (keras.models.clone_model)"
                )
            if _contains(outer.members, callback):
                raise ValueError(
                    f"The same {type(callback).__name__} takes part in a fit that still runs: give "
                    f"the fit of {model.name} one of its own"
                )

    def begin(self, callback):
        """Note that `callback` has begun; after the last one, a `Resume` restores them all."""
        if self._has_ended or _contains(self._begun, callback):
            self._begun, self._left, self._has_ended = [], [], False  # Keras runs the list again
            self._batch = None
        self._begun.append(callback)
        if len(self._begun) < len(self.members):
            return
        self._run("_all_have_begun", "_restore")

    def begin_batch(self, batch):
        """End the step before, for all callbacks before the first of them begins this one."""
        if batch == self._batch:
            return
        is_first, self._batch = self._batch is None, batch
        if not is_first:
            self._run("_end_step")
        self._logs = self._logs_of_last_step()

    def end_epoch(self):
        """End the last step, for all callbacks before the first of them ends the epoch."""
        if self._batch is None:
            return
        logs, self._batch = self._logs_of_last_step(), None
        if logs is None or logs is not self._logs:  # else data of unknown length had ended
            self._run("_end_step")
        self._run("_end_steps")

    def _logs_of_last_step(self):
        return logs_of_fit(self.members[0]._trained_model)

    def end(self, callback):
        """Run the end of every callback at the first `on_train_end`; at the last one they leave."""
        if not self._has_ended:
            self._has_ended = True
            _warn_of_partial_group(callback._trained_model)
            self._run("_before_end", "_end", "_finish", "_after_end")
        if not _contains(self._left, callback):
            self._left.append(callback)
        if len(self._left) == len(self.members):
            self._run("_leave")

    def _run(self, *hooks):
        for hook in hooks:
            for member in self.members:
                getattr(member, hook)()


def names(callbacks):
    """Return a name for each callback that is the same in the next process."""
    seen = {}
    result = []
    for callback in callbacks:
        kind = type(callback).__name__
        seen[kind] = seen.get(kind, 0) + 1
        result.append(kind if seen[kind] == 1 else f"{kind}_{seen[kind]}")
    return result


def _contains(callbacks, callback):
    return any(other is callback for other in callbacks)


def _warn_of_partial_group(model):
    """Report gradients that were accumulated and not applied: Keras drops them in silence."""
    for optimizer in updating_optimizers(model.optimizer)[:1]:
        group = optimizer.gradient_accumulation_steps or 1
        rest = int(ops.convert_to_numpy(step_counter(optimizer))) % group
        if rest:
            warn(
                f"The gradients of the last {rest} batches are not in the weights: the optimizer "
                f"updates after every {group}. They wait for the next fit of this model.",
            )
