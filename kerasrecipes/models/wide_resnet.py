"""Wide residual networks of Zagoruyko & Komodakis, 2016."""

from typing import Any

import keras

from kerasrecipes._validation import check_choice, check_integer, check_number
from kerasrecipes.layers import linear_drop_rates
from kerasrecipes.models.normalization import NAMES, channel_axis, normalization_layer
from kerasrecipes.models.residual import ResidualParts


def wide_resnet(
    depth: int,
    width: int,
    input_shape: tuple[int | None, ...],
    classes: int,
    dropout: float = 0.0,
    normalization: str = "batch",
    stem_normalization: Any = None,
    stochastic_depth: float = 0.0,
    stochastic_depth_mode: str = "subset",
    include_top: bool = True,
    classifier_activation: Any = "softmax",
    kernel_regularizer: Any = None,
    seed: int | None = None,
    name: str | None = None,
) -> keras.Model:
    """Return a wide residual network WRN-depth-width, with pre-activation blocks.

    Three stages of n = (depth - 4) / 6 blocks of normalisation, ReLU and 3x3 convolution, twice,
    with 16, 32 and 64 times `width` filters; 1x1 projections where the shape changes.

    Args:
        depth: int, 6n+4: 10, 16, 22, 28, 40, ...
        width: int >= 1, the multiplier of the filters.
        input_shape: tuple of the image's shape without the batch. Height and width may be `None`.
        classes: int >= 1, units of the classifier.
        dropout: float in [0, 1). Rate of the dropout between a block's convolutions.
            Defaults to 0: none.
        normalization: `"batch"`, `"group"`, `"instance"`, `"layer"`, `"decorrelated"`, or a
            callable that takes `name` and returns a layer. Defaults to `"batch"`.
        stem_normalization: one of these, of the output of the first convolution, as Huang et al.
            (2018) whiten it, or `None`. Defaults to `None`: the first block normalises it.
        stochastic_depth: float in [0, 1). Drop rate of the last block under the linear rule.
            Defaults to 0: none.
        stochastic_depth_mode: `"subset"` or `"batch"`, the `mode` of `layers.StochasticDepth`.
            `"batch"` is the paper's, and the faster one without XLA. Defaults to `"subset"`.
        include_top: bool, whether to include global pooling and the classifier.
            Defaults to `True`.
        classifier_activation: Activation of the classifier. Defaults to `"softmax"`.
        kernel_regularizer: Keras regularizer of every kernel, or `None`.
        seed: int or `None`. Seed of the initial kernels, of dropout and of stochastic depth.
        name: str or `None`. Name of the model. Defaults to `wide_resnetDEPTH_WIDTH`.

    Returns:
        A functional `keras.Model`. Its output is float32 under mixed precision.

    Raises:
        ValueError: If the depth is not 6n+4, or an argument is out of range.

    Example:

    >>> from kerasrecipes.models import wide_resnet
    >>> model = wide_resnet(10, 2, (32, 32, 3), classes=10)
    >>> model.output_shape
    (None, 10)

    Reference:
        Zagoruyko & Komodakis, 2016, https://arxiv.org/abs/1605.07146; Huang, Yang, Lang & Deng,
        2018, https://arxiv.org/abs/1804.08450, of the whitening after the first convolution.
    """
    check_integer("depth", depth, "[10, inf)")
    if depth % 6 != 4:
        raise ValueError(
            f"Argument `depth` must be 6n+4 (10, 16, 22, 28, ...). Received: depth={depth}"
        )
    check_integer("width", width, "[1, inf)")
    check_integer("classes", classes, "[1, inf)")
    check_number("dropout", dropout, "[0, 1)")
    check_number("stochastic_depth", stochastic_depth, "[0, 1)")
    check_choice("stochastic_depth_mode", stochastic_depth_mode, ("subset", "batch"))
    if not callable(stem_normalization):
        check_choice("stem_normalization", stem_normalization, (None, *NAMES))
    parts = ResidualParts(normalization, kernel_regularizer, stochastic_depth_mode, seed)
    inputs = keras.Input(input_shape)
    x = parts.convolution(16, 3, 1, "stem_conv")(inputs)
    if stem_normalization is not None:
        x = normalization_layer(stem_normalization, 16, "stem_norm")(x)
    x = _stages(parts, x, (depth - 4) // 6, width, dropout, stochastic_depth)
    x = parts.normalize(64 * width, "last_norm")(x)
    outputs = parts.relu("last_relu")(x)
    if include_top:
        outputs = parts.classifier(outputs, classes, classifier_activation)
    return keras.Model(inputs, outputs, name=name or f"wide_resnet{depth}_{width}")


def _stages(parts, x, blocks, width, dropout, final_rate):
    rates = iter(linear_drop_rates(3 * blocks, final_rate))
    for stage, filters in enumerate((16 * width, 32 * width, 64 * width), start=1):
        for block in range(1, blocks + 1):
            stride = 2 if stage > 1 and block == 1 else 1
            name = f"stage{stage}_block{block}"
            x = _block(parts, x, filters, stride, dropout, next(rates), name)
    return x


def _block(parts, x, filters, stride, dropout, rate, name):
    """A pre-activation block; if the shape changes, both paths start from the activation."""
    channels = x.shape[channel_axis()]
    first = [parts.normalize(channels, f"{name}_1_norm"), parts.relu(f"{name}_1_relu")]
    rest = [
        parts.convolution(filters, 3, stride, f"{name}_1_conv"),
        parts.normalize(filters, f"{name}_2_norm"),
        parts.relu(f"{name}_2_relu"),
        *([parts.dropout(dropout, f"{name}_dropout")] if dropout else []),
        parts.convolution(filters, 3, 1, f"{name}_2_conv"),
    ]
    if stride == 1 and channels == filters:
        return parts.residual(x, [], first + rest, rate, name)
    for layer in first:
        x = layer(x)
    projection = parts.convolution(filters, 1, stride, f"{name}_shortcut_conv")
    return parts.residual(x, [projection], rest, rate, name)
