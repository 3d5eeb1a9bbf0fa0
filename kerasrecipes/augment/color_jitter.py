"""Random brightness, contrast, saturation and hue."""

from typing import Any

import keras

from kerasrecipes._validation import check_number, check_range
from kerasrecipes.augment import draws, functional, host_draws
from kerasrecipes.augment.formula_ops import formula_ops
from kerasrecipes.augment.pixel_values import check_color
from kerasrecipes.augment.transform import Transform


@keras.saving.register_keras_serializable(package="kerasrecipes")
class ColorJitter(Transform):
    """Changes brightness, contrast, saturation and hue, in this order.

    A number b draws the factor uniformly from [max(0, 1 - b), 1 + b], for the hue the shift from
    [-b, b] turns of the circle. Brightness scales, contrast blends with the mean luma of the
    image, saturation with the luma of the pixel, hue turns the angle of HSV; each is clipped.

    Args:
        brightness, contrast, saturation: float >= 0, or the pair (low, high) of factors
            in [0, inf); default 0, no change.
        hue: float in [0, 0.5] or a pair in [-0.5, 0.5], in turns; default 0.

    Input shape: (H, W, C) or (N, H, W, C) in 0..255. On one channel, saturation and hue do
        nothing.

    Output shape: that of the input; the dtype is kept, integers are rounded.

    Raises:
        ValueError, TypeError: if an argument is out of its range or of the wrong type.

    Example:

    >>> from kerasrecipes import augment
    >>> jitter = augment.ColorJitter(brightness=(0.5, 0.5))
    >>> jitter([[[100.0, 50.0, 0.0]]], seed=1).numpy()
    array([[[50., 25.,  0.]]], dtype=float32)

    Reference: Howard (2013), https://arxiv.org/abs/1312.5402. The formulas are those of Pillow
    and torchvision; the order is fixed where torchvision shuffles it.
    """

    before_normalize = True
    has_device_form = True

    def __init__(
        self, brightness: float = 0, contrast: float = 0, saturation: float = 0, hue: float = 0
    ) -> None:
        for name, value in [
            ("brightness", brightness),
            ("contrast", contrast),
            ("saturation", saturation),
        ]:
            if isinstance(value, (tuple, list)):
                check_range(name, value, "[0, inf)")
            else:
                check_number(name, value, "[0, inf)")
        if isinstance(hue, (tuple, list)):
            check_range("hue", hue, "[-0.5, 0.5]")
        else:
            check_number("hue", hue, "[0, 0.5]")
        self.brightness, self.contrast = brightness, contrast
        self.saturation, self.hue = saturation, hue

    def apply(self, images: Any, seeds: Any) -> Any:
        return self._changed(images, draws.uniform(seeds, 4))

    def draw_on_host(self, seeds: Any, shape: Any) -> Any:
        return [host_draws.uniform(seeds, 4)]

    def apply_on_device(self, images: Any, *drawn: Any) -> Any:
        return self._changed(images, *drawn)

    def _changed(self, images, uniforms):
        check_color(images)
        dtype, images = images.dtype, formula_ops(images).cast(images, "float32")
        uniforms = [uniforms[:, place] for place in range(4)]
        grey = images.shape[-1] == 1
        for value, uniform, adjust, center in [
            (self.brightness, uniforms[0], functional.adjust_brightness, 1),
            (self.contrast, uniforms[1], functional.adjust_contrast, 1),
            (0 if grey else self.saturation, uniforms[2], functional.adjust_saturation, 1),
            (0 if grey else self.hue, uniforms[3], functional.adjust_hue, 0),
        ]:
            low, high = _bounds(value, center)
            if (low, high) != (center, center):
                images = adjust(images, low + (high - low) * uniform)
        return functional.restore_dtype(images, dtype)


def _bounds(value, center):
    if isinstance(value, (tuple, list)):
        return tuple(value)
    return max(0, center - value) if center else -value, center + value
