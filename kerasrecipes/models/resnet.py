"""Residual networks of He et al., 2015, for small and for large images."""

from typing import Any

import keras

from kerasrecipes._validation import check_choice, check_integer, check_number
from kerasrecipes.layers import linear_drop_rates
from kerasrecipes.models.normalization import channel_axis
from kerasrecipes.models.residual import ResidualParts, padded_shortcut

IMAGENET_BLOCKS = {
    18: (2, 2, 2, 2),
    34: (3, 4, 6, 3),
    50: (3, 4, 6, 3),
    101: (3, 4, 23, 3),
    152: (3, 8, 36, 3),
}
LARGEST_CIFAR_SIDE = 96


def resnet(
    depth: int,
    input_shape: tuple[int | None, ...],
    classes: int,
    normalization: str = "batch",
    stochastic_depth: float = 0.0,
    stochastic_depth_mode: str = "subset",
    variant: str | None = None,
    include_top: bool = True,
    classifier_activation: Any = "softmax",
    kernel_regularizer: Any = None,
    seed: int | None = None,
    name: str | None = None,
) -> keras.Model:
    """Return a residual network: `y = relu(x + branch(x))`, block after block.

    The CIFAR networks (depth 6n+2) have a 3x3 stem and three stages of n blocks of two 3x3
    convolutions with 16, 32 and 64 filters; shortcuts between stages skip every second pixel and
    pad with zero channels (option A). The ImageNet networks have a 7x7 stem with max pooling and
    four stages; depths 18 and 34 use blocks of two 3x3 convolutions, 50, 101 and 152 bottlenecks;
    shortcuts between stages are 1x1 projections (option B).

    Args:
        depth: int, 6n+2 for CIFAR (8, 14, 20, 32, 44, 56, 110, ...) or one of 18, 34, 50,
            101, 152 for ImageNet.
        input_shape: tuple of the image's shape without the batch. Height and width may be `None`.
        classes: int >= 1, units of the classifier.
        normalization: `"batch"`, `"group"`, `"instance"`, `"layer"`, `"decorrelated"`, or a
            callable that takes `name` and returns a layer. Defaults to `"batch"`.
        stochastic_depth: float in [0, 1). Drop rate of the last block under the linear rule.
            Defaults to 0: none.
        stochastic_depth_mode: `"subset"` or `"batch"`, the `mode` of `layers.StochasticDepth`.
            `"batch"` is the paper's, and the faster one without XLA. Defaults to `"subset"`.
        variant: `"cifar"`, `"imagenet"` or `None`. `None` selects the variant that has this depth;
            if both have it (50, 152), CIFAR for images of at most 96 pixels.
        include_top: bool, whether to include global pooling and the classifier; without them the
            output is the last feature map. Defaults to `True`.
        classifier_activation: Activation of the classifier. Defaults to `"softmax"`.
        kernel_regularizer: Keras regularizer of every kernel, or `None`.
        seed: int or `None`. Seed of the initial kernels and of stochastic depth.
        name: str or `None`. Name of the model. Defaults to `resnetDEPTH`.

    Returns:
        A functional `keras.Model`. Its output is float32 under mixed precision.

    Raises:
        ValueError: If no variant has this depth, or an argument is out of range.

    Example:

    >>> from kerasrecipes.models import resnet
    >>> model = resnet(20, (32, 32, 3), classes=10)
    >>> model.output_shape, model.count_params()
    ((None, 10), 271098)

    Reference:
        He, Zhang, Ren & Sun, 2015, https://arxiv.org/abs/1512.03385. In bottlenecks the 3x3
        convolution has the stride, as in most later code, not the first 1x1 convolution.
    """
    check_integer("depth", depth, "[8, inf)")
    check_integer("classes", classes, "[1, inf)")
    check_number("stochastic_depth", stochastic_depth, "[0, 1)")
    check_choice("stochastic_depth_mode", stochastic_depth_mode, ("subset", "batch"))
    variant = _variant(depth, input_shape, variant)
    parts = ResidualParts(normalization, kernel_regularizer, stochastic_depth_mode, seed)
    inputs = keras.Input(input_shape)
    if variant == "cifar":
        outputs = _cifar_stages(parts, inputs, (depth - 2) // 6, stochastic_depth)
    else:
        outputs = _imagenet_stages(parts, inputs, depth, stochastic_depth)
    if include_top:
        outputs = parts.classifier(outputs, classes, classifier_activation)
    return keras.Model(inputs, outputs, name=name or f"resnet{depth}")


def _variant(depth, input_shape, variant):
    choices = [
        *(["cifar"] if depth % 6 == 2 else []),
        *(["imagenet"] if depth in IMAGENET_BLOCKS else []),
    ]
    if not choices:
        raise ValueError(
            "Argument `depth` must be 6n+2 (8, 14, 20, ...) for the CIFAR networks or one of "
            f"{sorted(IMAGENET_BLOCKS)} for the ImageNet networks. Received: depth={depth}"
        )
    if variant is not None:
        check_choice("variant", variant, choices)
        return variant
    if len(choices) == 1:
        return choices[0]
    sides = input_shape[:2] if channel_axis() == -1 else input_shape[1:]
    small = all(side is not None and side <= LARGEST_CIFAR_SIDE for side in sides)
    return "cifar" if small else "imagenet"


def _cifar_stages(parts, x, blocks, final_rate):
    rates = iter(linear_drop_rates(3 * blocks, final_rate))
    for layer in _unit(parts, 16, 3, 1, "stem"):
        x = layer(x)
    for stage, filters in enumerate((16, 32, 64), start=1):
        for block in range(1, blocks + 1):
            stride = 2 if stage > 1 and block == 1 else 1
            name = f"stage{stage}_block{block}"
            channels = x.shape[channel_axis()]
            shortcut = padded_shortcut(channels, filters, stride, f"{name}_shortcut")
            branch = _basic_branch(parts, filters, stride, name)
            x = parts.residual(x, shortcut, branch, next(rates), name)
            x = parts.relu(f"{name}_relu")(x)
    return x


def _imagenet_stages(parts, x, depth, final_rate):
    blocks = IMAGENET_BLOCKS[depth]
    make_branch = _basic_branch if depth < 50 else _bottleneck_branch
    expansion = 1 if depth < 50 else 4
    rates = iter(linear_drop_rates(sum(blocks), final_rate))
    for layer in _unit(parts, 64, 7, 2, "stem"):
        x = layer(x)
    x = keras.layers.MaxPooling2D(3, 2, padding="same", name="stem_pool")(x)
    for stage, (count, filters) in enumerate(zip(blocks, (64, 128, 256, 512)), start=1):
        for block in range(1, count + 1):
            stride = 2 if stage > 1 and block == 1 else 1
            name = f"stage{stage}_block{block}"
            channels = x.shape[channel_axis()]
            changes = stride > 1 or channels != filters * expansion
            shortcut = (
                _unit(parts, filters * expansion, 1, stride, f"{name}_shortcut", relu=False)
                if changes
                else []
            )
            branch = make_branch(parts, filters, stride, name)
            x = parts.residual(x, shortcut, branch, next(rates), name)
            x = parts.relu(f"{name}_relu")(x)
    return x


def _unit(parts, filters, size, stride, name, relu=True):
    """Convolution, normalisation, and ReLU unless it is the end of a branch."""
    return [
        parts.convolution(filters, size, stride, f"{name}_conv"),
        parts.normalize(filters, f"{name}_norm"),
        *([parts.relu(f"{name}_relu")] if relu else []),
    ]


def _basic_branch(parts, filters, stride, name):
    return [
        *_unit(parts, filters, 3, stride, f"{name}_1"),
        *_unit(parts, filters, 3, 1, f"{name}_2", relu=False),
    ]


def _bottleneck_branch(parts, filters, stride, name):
    return [
        *_unit(parts, filters, 1, 1, f"{name}_1"),
        *_unit(parts, filters, 3, stride, f"{name}_2"),
        *_unit(parts, 4 * filters, 1, 1, f"{name}_3", relu=False),
    ]
