"""Weight decay of kernels alone."""

from typing import Any

import keras

from kerasrecipes._validation import check_number

NOT_KERNELS = ("bias", "gamma", "beta", "scale", "offset")


def decay_kernels(model: keras.Model, optimizer: Any, weight_decay: float) -> Any:
    """Decay the kernels of a model, and no bias and no weight of a normalisation.

    An optimizer that decays by itself, with `weight_decay` set as `AdamW` has it, multiplies each
    kernel by `1 - learning_rate · weight_decay` at each update. For any other, each kernel
    has the penalty `weight_decay / 2 · |w|²` in the loss, whose gradient is `weight_decay · w`: the
    classic decay of SGD with momentum. A penalty that a kernel already has is replaced. Kernels are
    trainable weights of two or more axes that are no bias, scale or offset by name; weights that
    are frozen now get no penalty.

    Args:
        model: built Keras model.
        optimizer: new Keras optimizer, to be given to `compile`.
        weight_decay: float >= 0; 0 is none.

    Returns:
        The optimizer.

    Raises:
        ValueError: If `weight_decay` is out of range, the model has no weights yet, or an optimizer
            that decays by itself is built already.

    Example:

    >>> import keras
    >>> from kerasrecipes.optimizers import decay_kernels
    >>> model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(3)])
    >>> optimizer = decay_kernels(model, keras.optimizers.SGD(0.1), 1e-4)
    >>> [weight.regularizer is not None for weight in model.weights]  # kernel, bias
    [True, False]

    Reference: He et al. (2015), https://arxiv.org/abs/1512.03385, section 3.4, who decay all
    weights; Loshchilov & Hutter (2017), https://arxiv.org/abs/1711.05101, of the decay outside the
    gradient; He et al. (2018), https://arxiv.org/abs/1812.01187, section 3.1, of kernels alone.
    """
    check_number("weight_decay", weight_decay, "[0, inf)")
    if not model.weights:
        raise ValueError(
            "Argument `model` must be built, so that it has weights. Received: "
            f"model={model.name}, which has none"
        )
    kernels = [weight for weight in model.trainable_weights if _is_kernel(weight)]
    if optimizer.weight_decay is None:
        penalty = keras.regularizers.L2(weight_decay / 2) if weight_decay else None
        for kernel in kernels:
            kernel.regularizer = penalty
        return optimizer
    names = {id(kernel) for kernel in kernels}
    others = [weight for weight in model.trainable_weights if id(weight) not in names]
    optimizer.exclude_from_weight_decay(var_list=others)
    optimizer.weight_decay = weight_decay
    return optimizer


def _is_kernel(weight):
    return len(weight.shape) >= 2 and weight.name not in NOT_KERNELS
