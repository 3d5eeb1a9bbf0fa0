"""Reads image files one by one, and skips those that cannot be read."""

import sys
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from kerasrecipes._printable import printable
from kerasrecipes.serving.image_file import read_image


class ImageFiles:
    """Image files as arrays, for `Classifier.predict`; it remembers which were read.

    Args:
        files: Names of the files.
        channels: int, 1 or 3.
        exif: `"apply"` (default) or `"ignore"`, as in `read_image`.
        strict: bool. `True` raises at a file that cannot be read; `False` (default) names it on
            standard error, skips it and counts it at the end.
        advance: Function that is called with 1 after each file, for a progress bar; `None`
            (default) is none.

    Attributes:
        good: list of the files that were read so far, in order.
        bad: int, the number of those that were skipped.

    Example:

    >>> import os, tempfile
    >>> from PIL import Image
    >>> from kerasrecipes import serving
    >>> path = os.path.join(tempfile.mkdtemp(), "grey.png")
    >>> Image.new("L", (20, 10), 200).save(path)
    >>> images = serving.ImageFiles([path, "none.png"], channels=3)
    >>> [pixels.shape for pixels in images], images.bad
    ([(10, 20, 3)], 1)
    """

    def __init__(
        self,
        files: Iterable[str],
        channels: int,
        exif: str = "apply",
        strict: bool = False,
        advance: Callable[[int], Any] | None = None,
    ) -> None:
        self._files, self._channels, self._exif, self._strict = files, channels, exif, strict
        self._advance = advance or (lambda count: None)
        self.good: list[str] = []
        self.bad = 0

    def __iter__(self) -> Iterator[Any]:
        for file in self._files:
            try:
                pixels = read_image(file, self._channels, self._exif)
            except ValueError as error:
                if self._strict:
                    raise
                self.bad += 1
                print(f"skipped: {printable(str(error))}", file=sys.stderr)
            else:
                self.good.append(file)
                yield pixels
            self._advance(1)
        if self.bad:
            words = "1 image was" if self.bad == 1 else f"{self.bad} images were"
            print(f"{words} skipped: not readable.", file=sys.stderr)
