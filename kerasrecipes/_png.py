"""Pixels as a PNG file."""

import io
from typing import Any

from PIL import Image


def png_bytes(pixels: Any) -> bytes:
    """Return uint8 pixels `(height, width, channels)`, of one or three channels, as a PNG file."""
    stream = io.BytesIO()
    Image.fromarray(pixels[..., 0] if pixels.shape[-1] == 1 else pixels).save(stream, "PNG")
    return stream.getvalue()
