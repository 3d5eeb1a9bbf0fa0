"""The network of Graham, 2014: a fractional max pooling after each small convolution."""

from typing import Any

import keras

from kerasrecipes._validation import check_integer, check_number
from kerasrecipes.layers import FractionalMaxPooling2D
from kerasrecipes.models.normalization import channel_axis


def fractional_network(
    input_shape: tuple[int, int, int],
    classes: int,
    poolings: int = 12,
    width: int = 160,
    pooling_ratio: float = 2 ** (1 / 3),
    pseudo_random: bool = True,
    overlapping: bool = True,
    dropout: float = 0.0,
    seed: int | None = None,
    name: str | None = None,
) -> keras.Model:
    """Return a network that shrinks images gently: (nC2 - FMP)_N - C2 - C1 - softmax.

    Convolution i of N + 2 has i · width filters of 2 x 2 without padding (the last of 1 x 1) and a
    leaky ReLU of slope 1/3; a pooling follows each of the first N. Sizes run backwards from one
    pixel, so the image stands in the middle of a field of zeros: of 94 pixels for 12 poolings by
    the cube root of 2.

    Args:
        input_shape: tuple of three ints, the shape of an image.
        classes: int >= 1, units of the classifier.
        poolings: int >= 1, N. Defaults to 12.
        width: int >= 1, filters of the first convolution. Defaults to 160.
        pooling_ratio: float in (1, 2], how much larger an image is before a pooling. Defaults to
            the cube root of 2.
        pseudo_random: bool, as of `layers.FractionalMaxPooling2D`. Defaults to `True`.
        overlapping: bool, as of `layers.FractionalMaxPooling2D`. Defaults to `True`.
        dropout: float in [0, 1), the fraction of the last convolution's channels that are dropped;
            it rises from 0 with depth. Defaults to 0.
        seed: int or `None`. Seed of the initial kernels, of the regions and of dropout.
        name: str or `None`. Name of the model.

    Returns:
        A functional `keras.Model`. Its output is float32 under mixed precision.

    Raises:
        ValueError: If the image is larger than the field, or an argument is out of range.

    Example:

    >>> from kerasrecipes.models import fractional_network
    >>> model = fractional_network((32, 32, 3), classes=10, width=4)
    >>> model.layers[1].output.shape, model.output_shape
    ((None, 94, 94, 3), (None, 10))

    Reference:
        Graham, 2014, https://arxiv.org/abs/1412.6071. Channels are dropped for each image, there
        for each batch, and initial kernels are He's.
    """
    for argument, value in (("classes", classes), ("poolings", poolings), ("width", width)):
        check_integer(argument, value, "[1, inf)")
    check_number("pooling_ratio", pooling_ratio, "(1, 2]")
    check_number("dropout", dropout, "[0, 1)")
    sides = _sides(poolings, pooling_ratio)
    inputs = keras.Input(input_shape)
    x = keras.layers.ZeroPadding2D(_margins(sides[0][0] + 1, input_shape))(inputs)
    for number, pair in enumerate([*sides, None, None]):
        start = None if seed is None else seed + number
        x = keras.layers.Conv2D(
            width * (number + 1),
            1 if number > poolings else 2,
            activation=keras.layers.LeakyReLU(1 / 3),
            kernel_initializer=keras.initializers.HeNormal(seed=start),
        )(x)
        if dropout and number:
            rate = dropout * number / (poolings + 1)
            x = keras.layers.SpatialDropout2D(rate, seed=start)(x)
        if pair:  # half a pixel more, so that rounding down gives the size that is wanted
            ratio = pair[0] / (pair[1] + 0.5)
            x = FractionalMaxPooling2D(ratio, pseudo_random, overlapping, seed=start)(x)
    head = keras.layers.Dense(
        classes, "softmax", kernel_initializer=keras.initializers.GlorotUniform(seed=seed),
        dtype=keras.config.dtype_policy().variable_dtype,
    )  # fmt: skip
    return keras.Model(inputs, head(keras.layers.Flatten()(x)), name=name)


def _sides(poolings: int, ratio: float) -> Any:
    """Return the side of the image before and after each pooling, the last of which leaves 2."""
    pairs, after = [], 2
    for _ in range(poolings):
        before = max(after + 1, int(ratio * after + 0.5))
        pairs.insert(0, (before, after))
        after = before + 1
    return pairs


def _margins(field, input_shape):
    """Return the zeros around an image in the middle of the field."""
    sides = input_shape[:2] if channel_axis() == -1 else input_shape[1:]
    if max(sides) > field:
        raise ValueError(
            f"Argument `input_shape` must be of images of at most {field} pixels, the field of so "
            f"many poolings. Received: input_shape={input_shape}"
        )
    return tuple(((field - side) // 2, (field - side + 1) // 2) for side in sides)
