"""Masks of steps as factors of the positions that statistics are taken over."""

from keras import ops


def mask_positions(mask, x):
    """Return 1 for used positions of the channels-last `x` and 0 for masked ones, or `None`.

    The mask's axes are the first axes of `x`; it broadcasts over the rest. The result has the shape
    of `x` with one channel.
    """
    if mask is None:
        return None
    shape, rank = ops.shape(x)[:-1], len(x.shape) - 1
    if len(mask.shape) > rank:
        raise ValueError(
            f"Argument `mask` must have at most {rank} axes, one less than the input. Received: "
            f"mask.shape={tuple(mask.shape)}"
        )
    mask = ops.cast(ops.cast(mask, "bool"), x.dtype)
    mask = ops.reshape(mask, (*ops.shape(mask), *(1,) * (rank - len(mask.shape))))
    return ops.broadcast_to(mask, shape)[..., None]
