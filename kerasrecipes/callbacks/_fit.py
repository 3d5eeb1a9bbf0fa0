"""How the callbacks of one `fit` that have state find one another, in any order.

Keras shows a callback its model, not its companions; but all callbacks of one `fit` are handed
the very same dictionary in `set_params`, and all of them before the first `on_train_begin`. A
callback with state joins and begins like this:

    def set_params(self, params):
        super().set_params(params)
        _fit.join(self)

    def on_train_begin(self, logs=None):
        ...                 # everything that a fresh run begins with
        _fit.begin(self)    # the last line

    def get_state(self):          # flat dict of NumPy arrays, numbers and strings
    def set_state(self, state):   # what get_state returned, in another process

When the last of them has begun, a `Resume` among them restores model, optimizer and every
companion: so `set_state` always comes after all of `on_train_begin`, and not at all in a fresh run.
"""

import warnings
import weakref

import keras
from keras import ops

_has_begun = weakref.WeakKeyDictionary()
_has_ended = weakref.WeakSet()


def join(callback):
    """Make `callback` known to the callbacks of the same `fit`."""
    _has_begun.pop(callback, None)
    _has_begun[callback] = False


def companions(callback):
    """Return the callbacks that joined the same `fit`, `callback` included, in their order."""
    return [
        other
        for other in _has_begun
        if other.params is callback.params and other._model is callback._model
    ]


def begin(callback):
    """Say that `callback` has begun; the last one to say so lets a `Resume` restore all."""
    _has_begun[callback] = True
    together = companions(callback)
    if not all(_has_begun[other] for other in together):
        return
    for other in together:
        _has_begun[other] = False
        _has_ended.discard(other)
    for other in together:
        if hasattr(other, "restore_fit"):
            other.restore_fit(together)


def names(callbacks):
    """Return a name for each callback that is the same in the next process."""
    seen = {}
    result = []
    for callback in callbacks:
        kind = type(callback).__name__
        seen[kind] = seen.get(kind, 0) + 1
        result.append(kind if seen[kind] == 1 else f"{kind}_{seen[kind]}")
    return result


def end(callback):
    """Say, first thing in `on_train_end`, that `callback` may now change the model."""
    together = companions(callback)
    if not any(other in _has_ended for other in together):
        # Not `callback.model`: that of `SnapshotEnsemble` is a method.
        model = keras.callbacks.Callback.model.fget(callback)
        _warn_of_partial_group(model.optimizer)
    _has_ended.add(callback)
    for other in together:
        if hasattr(other, "save_before_end"):
            other.save_before_end()


def _warn_of_partial_group(optimizer):
    """Report gradients that were accumulated and not applied: Keras drops them in silence."""
    optimizer = getattr(optimizer, "inner_optimizer", optimizer)
    group = optimizer.gradient_accumulation_steps or 1
    rest = int(ops.convert_to_numpy(optimizer._iterations)) % group
    if rest:
        warnings.warn(
            f"The gradients of the last {rest} batches are not in the weights: the optimizer "
            f"updates after every {group}. They wait for the next fit of this model.",
            stacklevel=2,
        )
