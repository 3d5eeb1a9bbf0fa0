"""Keras layers that Keras does not have, or has slower: thin classes over `kerasrecipes.ops`."""

__all__ = []
