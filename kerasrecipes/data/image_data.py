"""What `load` returns."""

import dataclasses

from kerasrecipes._printable import printable
from kerasrecipes.data.duplicates import Duplicate
from kerasrecipes.data.image_source import ImageSource
from kerasrecipes.data.image_stream import ImageStream

NAMES_SHOWN = 10


@dataclasses.dataclass(frozen=True)
class ImageData:
    """The sets of an image classification problem, and what is known about them.

    Each set is an `ImageSource`: a sequence of pairs (image, label), read by index, sliced, and
    iterated over; `set.dataset()` is a `tf.data.Dataset` of the same pairs. From TensorFlow
    Datasets it is an `ImageStream`, which has no indices. `augment.pipeline` takes either.

    The image is uint8 of shape (height, width, channels), or, when `encoded`, the bytes of a JPEG
    or PNG file as stored, of whatever size and mode. The bytes decide which of the two it is, not
    the file's name. The label is an integer in 0..num_classes-1; with several labels
    an image, a float32 array of 0 and 1, one a class; of a regression, a float32 array.

    Attributes:
        name: str, where the data came from, short enough for a title.
        train, validation, test: `ImageSource` or `ImageStream`; `validation` and `test` are
            `None` where there is no such set.
        class_names: tuple of strings, in the order of the labels.
        num_classes: int, the number of `class_names`.
        channels: 1 if every image is grey, else 3: decode encoded images to this many.
        short_side: int, the median over the training images of the shorter of height and
            width, in pixels (over the first 1,024 of a stream).
        encoded: bool, whether images are JPEG or PNG bytes.
        skipped: tuple of pairs (path, reason) of strings: images that could not be used.
        ignored: int, files that are no images by their name.
        turned: int, images of a folder that are turned upright as their EXIF orientation says, of
            those that were looked at.
        unchecked: int, images that were not looked at, as `check` of `load` asks.
        class_sizes: tuple of integers, training images by class; `None` for a stream, which
            would have to be read.
        duplicates: tuple of `Duplicate`, images that are also in an earlier set, or earlier
            in their own.
        small_classes: tuple of pairs (name, images) of the classes that have fewer than 10 images
            to learn from, before a single set is split.

    Example:

    >>> from kerasrecipes import data
    >>> sample = data.load("fashion_mnist_sample")
    >>> image, label = sample.train[0]
    >>> image.shape, len(sample.test), sample.class_names[1]
    ((28, 28, 1), 1000, 'Trouser')
    >>> print(sample)
    fashion_mnist_sample: 6,000 training, 1,000 test images
    10 classes: T-shirt/top, Trouser, Pullover, Dress, Coat, Sandal, Shirt, Sneaker, Bag, Ankle boot
    grey, pixels, short side 28 px (median)
    """

    name: str
    train: ImageSource | ImageStream
    validation: ImageSource | ImageStream | None
    test: ImageSource | ImageStream | None
    class_names: tuple[str, ...]
    channels: int
    short_side: int
    encoded: bool
    skipped: tuple[tuple[str, str], ...] = ()
    ignored: int = 0
    turned: int = 0
    unchecked: int = 0
    class_sizes: tuple[int, ...] | None = None
    duplicates: tuple[Duplicate, ...] = ()
    small_classes: tuple[tuple[str, int], ...] = ()

    @property
    def train_size(self) -> int:
        """Integer, the number of training images."""
        return len(self.train)

    @property
    def validation_size(self) -> int:
        """Integer, the number of validation images, 0 without that set."""
        return 0 if self.validation is None else len(self.validation)

    @property
    def test_size(self) -> int:
        """Integer, the number of test images, 0 without that set."""
        return 0 if self.test is None else len(self.test)

    @property
    def task(self) -> str:
        """`"classes"`, `"multilabel"` or `"regression"`."""
        return getattr(self.train, "task", "classes")

    def __str__(self):
        sets = {
            "training": self.train_size, "validation": self.validation_size, "test": self.test_size
        }  # fmt: skip
        sizes = ", ".join(f"{size:,} {name}" for name, size in sets.items() if size)
        names = ", ".join(map(printable, self.class_names[:NAMES_SHOWN]))
        more = f" and {self.num_classes - NAMES_SHOWN} more" * (self.num_classes > NAMES_SHOWN)
        kind = {"regression": "numbers", "multilabel": "labels"}.get(self.task, "classes")
        stored = "encoded" if self.encoded else "pixels"
        colour = "grey" if self.channels == 1 else "in colour"
        return (
            f"{printable(self.name)}: {sizes} images\n"
            f"{self.num_classes} {kind}: {names}{more}\n"
            f"{colour}, {stored}, short side {self.short_side} px (median)"
        )

    @property
    def num_classes(self) -> int:
        """Integer, the number of classes, or of the numbers of a regression."""
        return len(self.class_names)
