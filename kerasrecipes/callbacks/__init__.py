"""Keras callbacks whose state can be trusted, on every backend and in any order.

- `SGDR`: warm restarts by batch, on whatever optimizer the model was compiled with.
- `SnapshotEnsemble`: the models at the cycles' ends, as one Keras model.
- `LearningRateFinder`: which rates a model can be trained with.
- `ActivationStatistics`: what each layer does to the signal and the gradient, as a picture.
- `UpdateRatio`: how large the updates are against the weights, for each array of weights.
- `PlateauFactor`: a lower rate when a metric stops improving, on top of any schedule.
- `BestSnapshot`: early stopping that always keeps the snapshot that worked best.
- `PolyakAveraging`: the average of the weights, in the model whenever someone looks.
- `WeightAverage`: the mean of the weights of the last epochs (SWA).
- `Resume`: a run killed at any moment and started again ends as if it had never been.
"""

from kerasrecipes.callbacks.activation_statistics import ActivationStatistics, LayerStatistics
from kerasrecipes.callbacks.best_snapshot import BestSnapshot
from kerasrecipes.callbacks.learning_rate_finder import LearningRateFinder
from kerasrecipes.callbacks.plateau_factor import PlateauFactor
from kerasrecipes.callbacks.polyak_averaging import PolyakAveraging
from kerasrecipes.callbacks.resume import Resume
from kerasrecipes.callbacks.sgdr import SGDR
from kerasrecipes.callbacks.snapshot_ensemble import SnapshotEnsemble
from kerasrecipes.callbacks.update_ratio import UpdateRatio
from kerasrecipes.callbacks.weight_average import WeightAverage

__all__ = [
    "SGDR",
    "ActivationStatistics",
    "BestSnapshot",
    "LayerStatistics",
    "LearningRateFinder",
    "PlateauFactor",
    "PolyakAveraging",
    "Resume",
    "SnapshotEnsemble",
    "UpdateRatio",
    "WeightAverage",
]
