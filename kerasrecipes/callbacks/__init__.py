"""Keras callbacks whose state can be trusted, on every backend and in any order."""

__all__ = []
