"""The fourteen operations that RandAugment and TrivialAugment choose from.

Each takes a uint8 image (H, W, C), a strength in [0, 1] and a sign of -1 or 1.
"""

import math

from kerasrecipes._backend.tensorflow_module import tf
from kerasrecipes.augment import functional


def operations(widest):
    """Return name and function of each operation; `widest` holds the amounts at strength 1."""

    def blend(adjust):
        def enhance(image, strength, sign):
            factor = 1.0 + sign * strength * widest["enhance"]
            return _rounded(adjust(tf.cast(image, tf.float32), factor), image)

        return enhance

    def sharpness(image, strength, sign):
        return functional.sharpen(image, 1.0 + sign * strength * widest["enhance"])

    def posterize(image, strength, sign):
        lost = tf.cast(tf.round(strength * widest["bits"]), tf.int32)
        return functional.posterize(image, 8 - lost)

    def solarize(image, strength, sign):
        return functional.solarize(
            tf.cast(image, tf.int32), tf.cast(tf.round(256.0 * (1.0 - strength)), tf.int32)
        )

    return {
        "identity": lambda image, strength, sign: image,
        "auto_contrast": lambda image, strength, sign: functional.auto_contrast(image),
        "equalize": lambda image, strength, sign: functional.equalize(image),
        "rotate": _warp(lambda amount: {"rotation": amount * math.radians(widest["degrees"])}),
        "solarize": lambda *arguments: tf.cast(solarize(*arguments), tf.uint8),
        "color": blend(functional.adjust_saturation),
        "posterize": posterize,
        "contrast": blend(functional.adjust_contrast),
        "brightness": blend(functional.adjust_brightness),
        "sharpness": sharpness,
        "shear_x": _warp(lambda amount: {"shear_x": amount * widest["shear"]}),
        "shear_y": _warp(lambda amount: {"shear_y": amount * widest["shear"]}),
        "translate_x": _warp(lambda amount: {"x": amount}, widest["move"]),
        "translate_y": _warp(lambda amount: {"y": amount}, widest["move"]),
    }


def apply_one(image, table, choice, strength, sign):
    """Return `image` after operation number `choice` of `table`."""
    branches = [
        lambda function=function: function(image, strength, sign) for function in table.values()
    ]
    result = tf.switch_case(choice, branches)
    result.set_shape(image.shape)
    return result


def on_uint8(image, change):
    """Return `change` of the image as uint8, in the image's own dtype."""
    return tf.cast(change(functional.restore_dtype(image, tf.uint8)), image.dtype)


def _rounded(values, image):
    return functional.restore_dtype(values, image.dtype)


def _warp(parameters, move=None):
    def warp(image, strength, sign):
        drawn = {"rotation": 0.0, "shear_x": 0.0, "shear_y": 0.0, "x": 0.0, "y": 0.0}
        drawn.update(parameters(sign * strength))
        if move is not None:  # up to 1 a fraction of the side; above, pixels
            sides = tf.cast(tf.shape(image)[:2], tf.float32)
            height, width = tf.unstack(sides * move if move <= 1 else tf.fill([2], float(move)))
            drawn["x"], drawn["y"] = drawn["x"] * width, drawn["y"] * height
        cosine, sine = tf.cos(drawn["rotation"]), tf.sin(drawn["rotation"])
        matrix = [[cosine, -sine - drawn["shear_x"]], [sine - drawn["shear_y"], cosine]]
        warped = functional.warp_affine(image, matrix, (drawn["x"], drawn["y"]))
        return functional.restore_dtype(warped, image.dtype)

    return warp
