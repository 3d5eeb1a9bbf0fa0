"""Drop rates by the linear rule of stochastic depth."""

from kerasrecipes._validation import check_integer, check_number


def linear_drop_rates(depth: int, final_rate: float = 0.5) -> list[float]:
    """Drop rates that grow linearly with depth: `l / depth * final_rate`, l = 1..depth.

    Args:
        depth: int >= 1, the number of residual blocks.
        final_rate: float in [0, 1), the drop rate of the last block. Defaults to 0.5.

    Returns:
        A list of `depth` floats.

    Raises:
        ValueError, TypeError: if an argument is out of its range or of the wrong type.

    Example:

    >>> from kerasrecipes import layers
    >>> layers.linear_drop_rates(4, final_rate=0.5)
    [0.125, 0.25, 0.375, 0.5]

    Reference: Huang et al., 2016, Deep networks with stochastic depth,
    https://arxiv.org/abs/1603.09382 (p_l = 1 - l/L (1 - p_L), where p is the survival
    probability).
    """
    check_integer("depth", depth, "[1, inf)")
    check_number("final_rate", final_rate, "[0, 1)")
    return [block / depth * final_rate for block in range(1, depth + 1)]
