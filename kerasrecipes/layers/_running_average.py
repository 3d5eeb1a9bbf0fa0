"""Running averages of the statistics of batches, which normalisation layers keep for inference."""

from keras import ops


def add_average(layer, name, shape, initializer):
    """Add the weight of a running average to a layer; replicas keep the mean of theirs."""
    return layer.add_weight(
        shape=shape,
        name=name,
        initializer=initializer,
        trainable=False,
        autocast=False,
        aggregation="mean",
    )


def move_average(average, value, momentum, not_empty):
    """Set a running average to momentum · average + (1 - momentum) · value if `not_empty`."""
    value = ops.cast(ops.stop_gradient(value), average.dtype)
    moved = momentum * average + (1 - momentum) * value
    average.assign(ops.where(not_empty, moved, ops.convert_to_tensor(average)))
