"""Any image file as pixels, decoded as in training wherever training could decode it."""

import io
import os
import pathlib
import warnings
from typing import Any

import numpy as np
from PIL import Image

from kerasrecipes import augment

AS_IN_TRAINING = ("JPEG", "PNG")


def read_image(path: str | os.PathLike[str], channels: int) -> Any:
    """The pixels of an image file: uint8 `(height, width, channels)`.

    JPEG and PNG, grey, colour, with a palette, an alpha channel (dropped) or 16 bits (the upper 8
    are kept), go through the decoder of training; CMYK and the other formats of Pillow (WebP,
    BMP, TIFF, the first frame of a GIF) through Pillow. As in training, the rotation that a
    camera notes in EXIF is not applied.

    Args:
        path: String or path.
        channels: 1 or 3.

    Raises:
        ValueError: If the file is not there, is no image, or a damaged one.
    """
    try:
        contents = pathlib.Path(path).read_bytes()
    except OSError as error:
        raise ValueError(f"{path}: cannot be read ({error.strerror})") from error
    except ValueError as error:  # a null character in the name
        raise ValueError(f"{path!r}: no name of a file") from error
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            image = Image.open(io.BytesIO(contents))
    except Exception as error:  # Pillow raises many types for what it cannot make out
        raise ValueError(f"{path}: not an image") from error
    try:
        if image.format in AS_IN_TRAINING and image.mode != "CMYK":
            return np.asarray(augment.DecodeImage(channels)(contents))
        return _with_pillow(image, channels)
    except Exception as error:  # TensorFlow and Pillow raise types of their own
        raise ValueError(f"{path}: a corrupt or truncated {image.format} image") from error


def _with_pillow(image, channels):
    if image.mode.startswith("I;16"):
        image = Image.fromarray((np.asarray(image).astype("uint16") >> 8).astype("uint8"))
    pixels = np.asarray(image.convert("RGB" if channels == 3 else "L"))
    return pixels.reshape(*pixels.shape[:2], channels)
