"""Keras losses that Keras does not have.

- `MulticlassHinge`: the multiclass support vector machine loss
"""

from kerasrecipes.losses.multiclass_hinge import MulticlassHinge

__all__ = ["MulticlassHinge"]
