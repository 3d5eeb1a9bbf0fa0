"""The crops of training and of testing that belong together."""

import dataclasses
from typing import Any

from kerasrecipes import augment
from kerasrecipes._validation import check_choice, check_integer
from kerasrecipes._warning import warn
from kerasrecipes.flags import CROPS

SMALL_SIDE = 64
SCALED_AREA, LITTLE = (224 / 480) ** 2, 0.3  # of an image in a crop
TEST_SCALES = (224, 256, 384, 480, 640)


@dataclasses.dataclass(frozen=True)
class Crops:
    """What is cut out of an image, in training and in testing.

    Attributes:
        kind: `"pad"`, `"scale"`, `"inception"` or `"none"`.
        train: list of the transforms of training images, a random flip the last.
        tests: dict from the name of a test protocol to its transform; the first gives one crop.
        sentence: str, what is done to training images, for people.
    """

    kind: str
    train: list
    tests: dict
    sentence: str


def choose_crops(
    kind: str,
    images: Any,
    size: int,
    padding: int | None = None,
    area: tuple[float, float] = (0.08, 1.0),
    channels: int | None = None,
) -> Crops:
    """Return the crops of one of the usual protocols.

    - `"pad"` (He et al. for CIFAR): a random crop out of the image in a border of zeros. Tested by
      the image; with its mirror image; with both shifted, too.
    - `"scale"` (He et al. for ImageNet): a random crop, the shorter side of random length. Tested
      by the centre; by ten crops; by ten crops at five scales.
    - `"inception"` (Szegedy et al.): a crop of random area and aspect ratio. Tested by the centre;
      by ten crops.
    - `"none"`: the image. Tested by the image; with its mirror image.

    All flip training images at random.

    Args:
        kind: one of the above, or `"auto"`: `"pad"` for images of under 64 pixels, which a crop
            would leave too little of, else `"scale"`.
        images: `data.ImageData`.
        size: int >= 1, side of the crops in pixels.
        padding: int >= 0, width of the border of `"pad"` in pixels; `None` (default) is `size / 8`,
            the 4 pixels that He et al. take for 32.
        area: pair of floats in (0, 1], the area of the crops of `"inception"` as a fraction of the
            image's, by default as in the paper. Larger ones suit fine-tuning with few images.
        channels: 1 or 3, of the crops; `None` (default) is that of the images.

    Returns:
        A `Crops`.

    Raises:
        ValueError: an unknown `kind`, or a number outside its range.

    Example:

    >>> from kerasrecipes import data, experiment
    >>> images = data.load("fashion_mnist_sample")
    >>> crops = experiment.choose_crops("auto", images, size=28)
    >>> crops.kind, list(crops.tests)
    ('pad', ['one crop', 'mirror', 'mirror and shifts'])
    >>> crops.train
    [PadCrop(size=28, padding=3), RandomFlip(probability=0.5)]

    Reference: He, Zhang, Ren & Sun (2015), https://arxiv.org/abs/1512.03385; Szegedy et al. (2014),
    https://arxiv.org/abs/1409.4842.
    """
    check_choice("kind", kind, CROPS)
    check_integer("size", size, "[1, inf)")
    if padding is not None:
        check_integer("padding", padding, "[0, inf)")
    short_side = images.short_side
    if kind == "auto":
        kind = "pad" if short_side < SMALL_SIDE else "scale"
    smallest = {"scale": SCALED_AREA, "inception": area[0]}.get(kind, 1.0)
    if smallest < LITTLE and short_side < SMALL_SIDE:
        warn(
            f"crops={kind!r} shows the network a part of each image, as little as {smallest:.0%} "
            f"of its area; of images of {short_side} pixels that is too little to tell what they "
            "show. crops='pad' suits images of under 64 pixels."
        )
    if padding is not None and kind != "pad":
        warn(f"`padding` has no effect with crops={kind!r}.")
    channels = channels or images.channels
    options = {"pad": (padding,), "inception": (area,)}.get(kind, ())
    train, tests, sentence = _PROTOCOLS[kind](size, channels, *options)
    has_size = images.train.element_spec[0].shape == (size, size, channels)
    if kind in ("pad", "none") and not has_size:
        train = [next(iter(tests.values())), *train]
    return Crops(kind, [*train, augment.RandomFlip()], tests, sentence)


def _pad(size, channels, padding):
    padding = max(1, size // 8) if padding is None else padding
    tests = _whole_image(size, channels)
    if padding > 1:
        tests["mirror and shifts"] = augment.ShiftedCrops(size, padding // 2, channels)
    sentence = f"random crops of {size} px out of the image with {padding} px of zeros around it"
    return [augment.PadCrop(size, padding)], tests, sentence


def _none(size, channels):
    return [], _whole_image(size, channels), f"the whole image at {size} px"


def _scale(size, channels):
    scales = tuple(round(size * scale / 224) for scale in TEST_SCALES)
    tests = _parts(size, channels)
    tests["ten-crop at 5 scales"] = augment.TenCrop(size, scales, channels)
    low, high = (round(size * side / 224) for side in (256, 480))
    sentence = f"random crops of {size} px, the image's shorter side of {low} to {high} px"
    return [augment.RandomScaleCrop(size, channels=channels)], tests, sentence


def _inception(size, channels, area):
    sentence = f"crops of random area and aspect ratio, resized to {size} px"
    train = [augment.RandomResizedCrop(size, area, channels=channels)]
    return train, _parts(size, channels), sentence


def _whole_image(size, channels):
    return {
        "one crop": augment.CenterCrop(size, size, channels),
        "mirror": augment.ShiftedCrops(size, 0, channels),
    }


def _parts(size, channels):
    return {
        "centre crop": augment.CenterCrop(size, channels=channels),
        "ten-crop": augment.TenCrop(size, channels=channels),
    }


_PROTOCOLS = {"pad": _pad, "scale": _scale, "inception": _inception, "none": _none}
