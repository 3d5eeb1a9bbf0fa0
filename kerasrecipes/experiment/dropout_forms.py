"""Vanilla and inverted dropout are one function: numbers that show it."""

from typing import Any, NamedTuple

import keras
import numpy as np

from kerasrecipes.experiment.vanilla_dropout import VanillaDropout

FORMS = {"vanilla": VanillaDropout, "inverted": keras.layers.Dropout}


class DropoutScores(NamedTuple):
    """The scores of one image after dropout, arrays `(scores,)`.

    Attributes:
        training: means over the masks.
        errors: standard errors of these means.
        test: the scores without masks.
    """

    training: Any
    errors: Any
    test: Any


def inverted_weights(weights: Any, rate: float) -> Any:
    """Return the weights with which inverted dropout computes what vanilla dropout computes.

    Every kernel but the first follows a dropout layer: it is multiplied by 1 - rate.

    Args:
        weights: list of kernel, bias, kernel, bias, ... of dense layers with `VanillaDropout` in
            between.
        rate: float in [0, 1).

    >>> import numpy as np
    >>> [float(w[0]) for w in inverted_weights([np.ones(1)] * 4, 0.25)]
    [1.0, 1.0, 0.75, 1.0]
    """
    factors = [1.0 if place == 0 or place % 2 else 1 - rate for place in range(len(weights))]
    return [factor * weight for factor, weight in zip(factors, weights)]


def dropout_scores(
    rate: float, hidden: Any, kernel: Any, bias: Any, masks: int, seed: int
) -> dict[str, DropoutScores]:
    """Return the scores after each form of dropout, in training and at test.

    Both forms have the same masks; the kernel of the inverted one is multiplied by 1 - rate.

    Args:
        rate: float in (0, 1).
        hidden: array `(units,)`, what the hidden units give for one image.
        kernel, bias: arrays `(units, scores)` and `(scores,)` after vanilla dropout.
        masks: int >= 2, how many are drawn.
        seed: int.

    Returns:
        dict with the keys "vanilla" and "inverted".
    """
    images = np.repeat(hidden[None], masks, axis=0)
    found = {}
    for name, form in FORMS.items():
        layer = form(rate, seed=seed, dtype="float32")
        scale = 1 - rate if name == "inverted" else 1.0

        def scores(x, training, layer=layer, scale=scale):
            dropped = keras.ops.convert_to_numpy(layer(x, training=training))
            return dropped.astype("float64") @ (scale * kernel) + bias

        drawn = scores(images, True)
        errors = drawn.std(axis=0, ddof=1) / np.sqrt(masks)
        found[name] = DropoutScores(drawn.mean(axis=0), errors, scores(images[:1], False)[0])
    return found
