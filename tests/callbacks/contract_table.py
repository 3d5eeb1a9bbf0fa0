"""One row for each public callback, for the tests of what they all promise."""

import inspect
import io
from typing import NamedTuple

import keras

from kerasrecipes import callbacks, experiment
from kerasrecipes.experiment.divergence import Divergence
from kerasrecipes.experiment.interruption import Interruption
from tests.callbacks.small_fit import X, Y


class Row(NamedTuple):
    """How to make the callback in a folder, and why it must see each step's result, if it must."""

    make: object
    reads_each_step: str = ""


CONTRACT = {
    "SGDR": Row(lambda folder: callbacks.SGDR(0.1, 1, 1)),
    "ActivationStatistics": Row(lambda folder: callbacks.ActivationStatistics(X, Y)),
    "BestSnapshot": Row(lambda folder: callbacks.BestSnapshot("loss")),
    "LearningRateFinder": Row(
        lambda folder: callbacks.LearningRateFinder(1e-4, 1.0),
        reads_each_step="the loss of each batch decides whether a higher rate is tried",
    ),
    "PlateauFactor": Row(lambda folder: callbacks.PlateauFactor("loss", 0.5, patience=1)),
    "PolyakAveraging": Row(lambda folder: callbacks.PolyakAveraging(0.9)),
    "Resume": Row(lambda folder: callbacks.Resume(folder / "state")),
    "SnapshotEnsemble": Row(
        lambda folder: callbacks.SnapshotEnsemble(every_epochs=1, from_logits=True)
    ),
    "UpdateRatio": Row(lambda folder: callbacks.UpdateRatio(every_steps=2)),
    "WeightAverage": Row(lambda folder: callbacks.WeightAverage(0, recalibration_data=X)),
    "Progress": Row(lambda folder: experiment.Progress(io.StringIO())),
    "Interruption": Row(lambda folder: Interruption()),
    "Divergence": Row(
        lambda folder: Divergence(),
        reads_each_step="names the step at which the loss became infinite; `async_safe`",
    ),
}


def public_callbacks():
    """Return the names of the public callbacks."""
    return [
        name
        for name in callbacks.__all__
        if inspect.isclass(kind := getattr(callbacks, name))
        and issubclass(kind, keras.callbacks.Callback)
    ]
