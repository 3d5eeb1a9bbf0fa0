"""The fourteen operations that RandAugment and TrivialAugment choose from.

Each takes uint8 images, a strength in [0, 1] and a sign of -1 or 1: one image (H, W, C), or a batch
(N, H, W, C) with a strength and a sign for each image.
"""

import math

from kerasrecipes._backend.tensorflow_module import tf
from kerasrecipes.augment import functional
from kerasrecipes.augment.formula_ops import formula_ops
from kerasrecipes.augment.pixel_values import check_color


class Operations:
    """Names and functions of the fourteen.

    Args:
        widest: dict of the amounts at strength 1: `enhance` (change of a factor), `bits`,
            `degrees`, `shear`, and `move`, up to 1 a fraction of the side, above it pixels.
    """

    def __init__(self, widest):
        self.colors = _colors(widest)
        self.warps = _warps(widest)
        self.names = [
            *("identity", "auto_contrast", "equalize", "rotate", "solarize", "color", "posterize"),
            *("contrast", "brightness", "sharpness"),
            *("shear_x", "shear_y", "translate_x", "translate_y"),
        ]

    def __len__(self):
        return len(self.names)

    def apply_one(self, image, choice, strength, sign):
        """Return one image after operation number `choice`; the others are not computed."""
        branches = [lambda name=name: self._one(name, image, strength, sign) for name in self.names]
        result = tf.switch_case(choice, branches)
        result.set_shape(image.shape)
        return result

    def apply_each(self, images, choice, strength, sign):
        """Return a batch, each image after the operation of its own `choice` (N,).

        Eight operations and one warp of the whole batch are computed, and chosen from.
        """
        on, result = formula_ops(images), images
        for name, change in self.colors.items():
            chosen = (choice == self.names.index(name))[:, None, None, None]
            result = on.where(chosen, change(images, strength, sign), result)
        height, width = functional.image_size(images)
        amounts, warped = {}, choice < 0
        for name, amount_of in self.warps.items():
            chosen = choice == self.names.index(name)
            for key, amount in amount_of(sign * strength, height, width).items():
                amounts[key] = on.where(chosen, amount, on.zeros_like(amount))
            warped = warped | chosen
        (first, second), shift = _affine(on, **amounts)
        matrix = on.stack([on.stack(first, -1), on.stack(second, -1)], -2)
        lens = on.zeros_like(amounts["x"])
        moved = functional.warp(images, matrix, on.stack(shift, -1), lens)
        moved = functional.restore_dtype(moved, images.dtype)
        return on.where(warped[:, None, None, None], moved, result)

    def _one(self, name, image, strength, sign):
        if name not in self.warps:
            return self.colors[name](image, strength, sign) if name in self.colors else image
        sides = (tf.cast(side, tf.float32) for side in functional.image_size(image))
        amounts = dict.fromkeys(("rotation", "shear_x", "shear_y", "x", "y"), tf.constant(0.0))
        amounts.update(self.warps[name](sign * strength, *sides))
        warped = functional.warp_affine(image, *_affine(formula_ops(image), **amounts))
        return functional.restore_dtype(warped, image.dtype)


def one_by_one(change, images, seeds):
    """Return a batch of colour images, each after `change(image, seed)`."""
    check_color(images)
    one = lambda pair: change(*pair)  # noqa: E731
    return tf.map_fn(one, (images, seeds), fn_output_signature=images.dtype)


def on_uint8(images, change):
    """Return `change` of the images as uint8, in the images' own dtype."""
    on = formula_ops(images)
    return on.cast(change(functional.restore_dtype(images, "uint8")), images.dtype)


def sign_of(chance):
    """Return -1 or 1, each for half of the numbers in [0, 1)."""
    return formula_ops(chance).where(chance < 0.5, -1.0, 1.0)


def _colors(widest):
    """Return name and function of each operation that changes values where they are."""

    def blend(adjust):
        def enhance(images, strength, sign):
            values = formula_ops(images).cast(images, "float32")
            values = adjust(values, 1.0 + sign * strength * widest["enhance"])
            return functional.restore_dtype(values, images.dtype)

        return enhance

    def posterize(images, strength, sign):
        on = formula_ops(images)
        return functional.posterize(
            images, 8 - on.cast(on.round(strength * widest["bits"]), "int32")
        )

    def solarize(images, strength, sign):
        on = formula_ops(images)
        threshold = on.cast(on.round(256.0 * (1.0 - strength)), "int32")
        return on.cast(functional.solarize(on.cast(images, "int32"), threshold), "uint8")

    return {
        "auto_contrast": lambda images, strength, sign: functional.auto_contrast(images),
        "equalize": lambda images, strength, sign: functional.equalize(images),
        "solarize": solarize,
        "color": blend(functional.adjust_saturation),
        "posterize": posterize,
        "contrast": blend(functional.adjust_contrast),
        "brightness": blend(functional.adjust_brightness),
        "sharpness": blend(functional.sharpen),
    }


def _warps(widest):
    """Return name of each warp, and function of (signed strength, height, width) to its amounts."""
    turn, shear, move = math.radians(widest["degrees"]), widest["shear"], widest["move"]

    def pixels(amount, side):
        return amount * (side * move if move <= 1 else float(move))

    return {
        "rotate": lambda amount, height, width: {"rotation": amount * turn},
        "shear_x": lambda amount, height, width: {"shear_x": amount * shear},
        "shear_y": lambda amount, height, width: {"shear_y": amount * shear},
        "translate_x": lambda amount, height, width: {"x": pixels(amount, width)},
        "translate_y": lambda amount, height, width: {"y": pixels(amount, height)},
    }


def _affine(on, rotation, shear_x, shear_y, x, y):
    """Return the 2x2 matrix from output to input offsets as rows, and the shift, (x, y)."""
    cosine, sine = on.cos(rotation), on.sin(rotation)
    return ([cosine, -sine - shear_x], [sine - shear_y, cosine]), (x, y)
