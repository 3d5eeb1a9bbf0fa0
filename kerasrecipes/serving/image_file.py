"""Reads the pixels of an image file, decoded as in training if training can decode it."""

import io
import os
import pathlib
import warnings
from typing import Any

import numpy as np
from PIL import Image

from kerasrecipes import augment
from kerasrecipes._printable import printable
from kerasrecipes._validation import check_choice
from kerasrecipes.data.pillow_image import file_problem, pillow_pixels

AS_IN_TRAINING = ("JPEG", "PNG")


def read_image(path: str | os.PathLike[str], channels: int, exif: str = "apply") -> Any:
    """Return the pixels of an image file: uint8 `(height, width, channels)`.

    JPEG and PNG (grey, colour, palette, alpha channel (dropped) or 16 bits (upper 8 bits kept)) are
    decoded as in training. CMYK and the other formats of Pillow (WebP, BMP, TIFF, the first frame
    of a GIF) are decoded by Pillow, as `data.load` does for folders.

    Args:
        path: str or path.
        channels: int, 1 or 3.
        exif: `"apply"` (default) rotates the image upright by its EXIF orientation, as in training;
            `"ignore"` keeps the stored orientation.

    Raises:
        ValueError: If the file does not exist, is not an image, is damaged, has more than 179
            megapixels, or has float or 32-bit pixels, which have no defined range.

    Example:

    >>> import os, tempfile
    >>> from PIL import Image
    >>> from kerasrecipes import serving
    >>> path = os.path.join(tempfile.mkdtemp(), "grey.png")
    >>> Image.new("L", (20, 10), 200).save(path)
    >>> serving.read_image(path, channels=3).shape
    (10, 20, 3)
    """
    check_choice("exif", exif, ("apply", "ignore"))
    contents = _contents(path)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            image = Image.open(io.BytesIO(contents))
    except Image.DecompressionBombError as error:
        raise ValueError(f"{printable(path)}: more than 179 megapixels") from error
    except Exception as error:  # Pillow raises many types for what it cannot make out
        raise ValueError(f"{printable(path)}: not an image") from error
    as_in_training = image.format in AS_IN_TRAINING and image.mode != "CMYK"
    if as_in_training and (exif == "apply" or image.format == "PNG"):
        if exif == "ignore":
            contents = contents.replace(b"eXIf", b"exIf", 1)  # decoders skip what they do not know
        try:
            return np.asarray(augment.DecodeImage(channels)(contents))
        except Exception as error:  # TensorFlow raises types of its own
            raise ValueError(
                f"{printable(path)}: a corrupt or truncated {image.format} image"
            ) from error
    try:
        pixels = pillow_pixels(contents, turn=exif == "apply")
    except ValueError as error:
        if "corrupt" not in str(error):
            raise ValueError(f"{printable(path)}: {error}") from error
        raise ValueError(
            f"{printable(path)}: a corrupt or truncated {image.format} image"
        ) from error
    return _with_channels(pixels, channels)


def _contents(path):
    try:
        problem = file_problem(path)
        if problem == "not a regular file":
            raise ValueError(f"{printable(path)}: cannot be read ({problem})")
        return pathlib.Path(path).read_bytes()
    except OSError as error:
        raise ValueError(f"{printable(path)}: cannot be read ({error.strerror})") from error
    except ValueError as error:
        if "\0" in str(path):
            raise ValueError(f"{path!r}: not a file name") from error
        raise


def _with_channels(pixels, channels):
    if pixels.shape[2] == channels:
        return pixels
    if channels == 3:
        return np.repeat(pixels, 3, axis=2)
    return np.asarray(Image.fromarray(pixels).convert("L"))[..., np.newaxis]
