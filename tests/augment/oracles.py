"""Independent references, in NumPy and float64, and images to compare on."""

import io
import pathlib

import numpy as np
from PIL import Image

PHOTOS = pathlib.Path(__file__).parents[2].parent / "shared" / "data" / "photos"


def drawn_photo(height, width, channels=3):
    """Return a smooth uint8 image with edges and some noise, other in each channel."""
    rows, columns = np.mgrid[0:height, 0:width].astype("float64")
    random = np.random.default_rng(height * 10_007 + width)
    planes = []
    for channel in range(channels):
        wave = np.sin(rows / (7 + channel)) * np.cos(columns / (11 - channel))
        disc = np.hypot(rows - height / 2, columns - width / 3) < min(height, width) / 3
        planes.append(120 + 60 * wave + 50 * disc + random.normal(0, 3, (height, width)))
    return np.clip(np.stack(planes, -1), 0, 255).astype("uint8")


def jpeg(image, quality=92, **options):
    """Return `image` as JPEG bytes."""
    return _encoded(image, "JPEG", quality=quality, **options)


def png(image):
    """Return `image` as PNG bytes."""
    return _encoded(image, "PNG")


def photos(count):
    """Return the bytes of real photos where they are present, else of drawn ones."""
    paths = sorted(PHOTOS.glob("*.jpg"))[:count]
    return [path.read_bytes() for path in paths] or [
        jpeg(drawn_photo(375 + 5 * number, 500 - 3 * number)) for number in range(count)
    ]


def bilinear_window(image, scaled, offset, size):
    """Return the window of the antialiased bilinear resize, one matrix for each axis."""
    rows = _weights(image.shape[0], scaled[0], offset[0], size[0])
    columns = _weights(image.shape[1], scaled[1], offset[1], size[1])
    partial = np.tensordot(rows, image.astype("float64"), (1, 0))
    return np.einsum("ikc,lk->ilc", partial, columns, optimize=True)


def psnr(first, second):
    """Return the peak signal to noise ratio of images in 0..255, in decibels."""
    return 10 * np.log10(255**2 / np.mean((np.asarray(first) - np.asarray(second)) ** 2))


def _weights(length, scaled, offset, size):
    scale = scaled / length
    reach = max(1.0, 1 / scale)
    weights = np.zeros((size, length))
    for row in range(size):
        center = (row + offset + 0.5) / scale - 0.5
        center = center if scale < 1 else np.clip(center, 0, length - 1)
        weights[row] = np.maximum(0, 1 - np.abs(np.arange(length) - center) / reach)
        weights[row] /= weights[row].sum()
    return weights


def _encoded(image, form, **options):
    stream = io.BytesIO()
    Image.fromarray(image[..., 0] if image.shape[-1] == 1 else image).save(stream, form, **options)
    return stream.getvalue()
