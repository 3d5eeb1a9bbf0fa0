"""Prediction with a trained model, and its calibration.

- `disagreement`: how often the members of an ensemble predict different classes.
- `Ensemble`: one model that averages the probabilities of several models.
- `expected_calibration_error`, `reliability`: whether confidence equals accuracy.
- `fit_temperature`: calibration by one scalar, for `layers.TemperatureScaling`.
- `monte_carlo_predict`: predictions averaged over the model's noise, with their uncertainty.
- `multi_crop_predict`: predictions averaged over several crops of each image.
- `recalibrate_normalization`: recomputes the statistics of normalisation layers.
"""

from kerasrecipes.inference.disagreement import disagreement
from kerasrecipes.inference.ensemble import Ensemble
from kerasrecipes.inference.expected_calibration_error import (
    Reliability,
    expected_calibration_error,
    reliability,
)
from kerasrecipes.inference.fit_temperature import fit_temperature
from kerasrecipes.inference.monte_carlo_predict import MonteCarloPrediction, monte_carlo_predict
from kerasrecipes.inference.multi_crop_predict import multi_crop_predict
from kerasrecipes.inference.recalibrate_normalization import recalibrate_normalization

__all__ = [
    "Ensemble",
    "MonteCarloPrediction",
    "Reliability",
    "disagreement",
    "expected_calibration_error",
    "fit_temperature",
    "monte_carlo_predict",
    "multi_crop_predict",
    "recalibrate_normalization",
    "reliability",
]
