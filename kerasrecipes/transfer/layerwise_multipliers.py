"""Learning rate multipliers that decrease from the head towards the input."""

from typing import Any

from kerasrecipes import models
from kerasrecipes._validation import check_number


def layerwise_multipliers(model: Any, decay: float) -> dict[str, float]:
    """Return {layer name: factor}: 1 for the head, `decay^k` for the k-th stage from the end.

    Args:
        model: functional `keras.Model` of images, such as from `classifier`.
        decay: float in (0, 1].

    Returns:
        dict for `optimizers.LayerwiseLearningRates`, with all layers that have weights.

    Raises:
        ValueError: if `decay` is out of range, or the model has no stages.

    Example:

    >>> from kerasrecipes import models
    >>> from kerasrecipes.transfer import layerwise_multipliers
    >>> factors = layerwise_multipliers(models.resnet(8, (32, 32, 3), classes=10), 0.5)
    >>> factors["stem_conv"], factors["stage3_block1_1_conv"], factors["classifier"]
    (0.125, 0.5, 1.0)

    Reference: Howard & Ruder (2018), https://arxiv.org/abs/1801.06146, with one factor per layer.
    """
    check_number("decay", decay, "(0, 1]")
    boundaries = models.stages(model)
    depth, factors = len(boundaries), {}
    for layer in model.layers:
        if layer.weights:
            factors[layer.name] = float(decay) ** depth
        if layer.name in boundaries:
            depth -= 1
    return factors
