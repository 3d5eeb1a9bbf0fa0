"""From a network trained on much data to a classifier of few images.

- `extract_features`: pooled features of images, computed once.
- `linear_probe`: a linear classifier on each stage's features, and how good each is.
- `ProbeResult`, `StageProbe`: what it returns.
"""

from kerasrecipes.transfer.extract_features import extract_features
from kerasrecipes.transfer.linear_probe import linear_probe
from kerasrecipes.transfer.probe_result import ProbeResult
from kerasrecipes.transfer.stage_probe import StageProbe

__all__ = ["ProbeResult", "StageProbe", "extract_features", "linear_probe"]
