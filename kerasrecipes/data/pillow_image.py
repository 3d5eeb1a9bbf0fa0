"""Images that TensorFlow does not decode as they are stored, through Pillow, as PNG."""

import io
import os
import stat
import warnings
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageOps

MOST_PIXELS = 178_956_970  # where Pillow refuses too
BOMB_PIXELS, BOMB_RATIO = 50_000_000, 200  # pixels, and pixels a byte of the file
UPPER_BITS = 8
ORIENTATION_TAG = 274


def file_problem(path):
    """Why a path is not to be opened at all, in words, or `None`: a FIFO would wait for ever."""
    try:
        status = os.stat(path)
    except OSError as error:
        return error.strerror
    except ValueError:  # a NUL inside
        return "not a file name"
    if not stat.S_ISREG(status.st_mode):
        return "not a regular file"
    return None if status.st_size else "empty file"


def size_problem(pixels, length):
    """Why an image of so many pixels in `length` bytes is not to be decoded, or `None`."""
    if pixels > MOST_PIXELS:
        return f"{pixels / 1e6:,.0f} megapixels, more than {MOST_PIXELS / 1e6:.0f}"
    if pixels > BOMB_PIXELS and pixels > BOMB_RATIO * length:
        return f"{pixels / 1e6:,.0f} megapixels in {length:,} bytes, a decompression bomb"
    return None


class PillowFacts(NamedTuple):
    """What is known of an image file that Pillow decodes."""

    short_side: int
    channels: int  # 1 or 3
    orientation: int


def pillow_facts(contents):
    """The `PillowFacts` of the bytes of a file.

    Raises:
        ValueError: the reason, in words, why it cannot be used.
    """
    pixels = pillow_pixels(contents)
    with Image.open(io.BytesIO(contents)) as image:
        orientation = image.getexif().get(ORIENTATION_TAG, 1)
    orientation = orientation if orientation in range(1, 9) else 1
    return PillowFacts(min(pixels.shape[:2]), pixels.shape[2], orientation)


def pillow_png(contents, turn=True):
    """The bytes of a PNG, fast and large, of an image that Pillow decodes."""
    pixels = pillow_pixels(contents, turn)
    buffer = io.BytesIO()
    image = Image.fromarray(pixels[..., 0] if pixels.shape[2] == 1 else pixels)
    image.save(buffer, "PNG", compress_level=1)
    return buffer.getvalue()


def pillow_pixels(contents, turn=True):
    """The pixels of the first frame: uint8 (height, width, 1 or 3), alpha dropped.

    With `turn`, upright as EXIF says.

    Of 16 bits the upper 8 are kept. 32 bits and floats have no range of their own, and raise.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)
        try:
            image = Image.open(io.BytesIO(contents))
            problem = size_problem(image.width * image.height, len(contents))
            if problem is None:
                return _eight_bits(ImageOps.exif_transpose(image) if turn else image)
        except ValueError:
            raise
        except Image.DecompressionBombError as error:
            raise ValueError(f"more than {MOST_PIXELS / 1e6:.0f} megapixels") from error
        except Image.UnidentifiedImageError as error:
            raise ValueError("no image inside") from error
        except Exception as error:  # Pillow raises many types for what is damaged
            reason = (str(error).splitlines() or [type(error).__name__])[0]
            raise ValueError(f"corrupt or truncated ({reason})") from error
    raise ValueError(problem)


def _eight_bits(image):
    if image.mode in ("I", "F"):
        raise ValueError("pixels of 32 bits or floats; scale them to 8 bits")
    if image.mode.startswith("I;16"):
        return np.uint8(np.asarray(image) >> UPPER_BITS)[..., np.newaxis]
    grey = image.mode in ("1", "L", "LA", "La")
    image = image.convert("RGBA") if image.mode == "P" and "transparency" in image.info else image
    pixels = np.asarray(image.convert("L" if grey else "RGB"))
    return pixels[..., np.newaxis] if grey else pixels
