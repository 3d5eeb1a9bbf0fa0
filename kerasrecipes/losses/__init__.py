"""Keras losses that Keras does not have."""

__all__ = []
