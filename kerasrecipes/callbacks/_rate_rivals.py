"""Keras's callbacks that set the learning rate too, so that one overwrites the other."""

import keras

from kerasrecipes._backend.keras_internals import locals_of_fit
from kerasrecipes._warning import warn

RIVALS = (keras.callbacks.ReduceLROnPlateau, keras.callbacks.LearningRateScheduler)


def warn_of_rivals(callback, model):
    """Warn of each callback in the `fit` that `callback` begins that sets the rate as well."""
    given = locals_of_fit(model).get("callbacks") or ()
    for rival in getattr(given, "callbacks", given):
        if isinstance(rival, RIVALS):
            ours, other = type(callback).__name__, type(rival).__name__
            warn(
                f"{other} beside {ours}: both set the learning rate, and one overwrites the other. "
                f"Leave out {other}; PlateauFactor lowers the rate on a plateau, on top of SGDR "
                "or any schedule."
            )
