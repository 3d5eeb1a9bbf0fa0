"""Pure functions of tensors, on every backend.

Nothing here holds weights or draws random numbers; the layers add both.
"""

__all__ = []
