"""From a network trained on much data to a classifier of few images.

- `extract_features`: pooled features of images, computed once.
"""

from kerasrecipes.transfer.extract_features import extract_features

__all__ = ["extract_features"]
