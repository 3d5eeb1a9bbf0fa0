"""Keras layers that Keras does not have, or has slower: thin classes over `kerasrecipes.ops`."""

from kerasrecipes.layers.image_preprocessing import ImagePreprocessing

__all__ = ["ImagePreprocessing"]
