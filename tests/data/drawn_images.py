"""Images drawn for tests: folders of files of many sizes and kinds."""

import io

import numpy as np
from PIL import Image, ImageDraw


def draw(index, size=(40, 30), mode="RGB"):
    """A Pillow image with shapes of its own for each index."""
    image = Image.new("RGB", size, (index * 37 % 256, index * 91 % 256, 128))
    shapes = ImageDraw.Draw(image)
    width, height = size
    shapes.ellipse((2, 2, width - 3, height // 2), fill=(255, index * 53 % 256, 0))
    shapes.line((0, height - 1, width - 1, 0), fill=(0, 0, 255), width=3)
    return image.convert(mode)


def encoded(image, kind="JPEG", **options):
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def deep_png(size=(40, 30)):
    """The bytes of a grey PNG of 16 bits."""
    values = np.arange(size[0] * size[1], dtype=np.uint16).reshape(size[1], size[0]) * 50
    return encoded(Image.fromarray(values), "PNG")


def write(folder, files):
    """Write a dict from relative path to bytes."""
    for name, contents in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(contents)
    return folder


def write_classes(folder, classes=("cat", "dog"), count=4, size=(40, 30)):
    """Write `count` JPEGs of each class, a pixel wider from one to the next."""
    for label, name in enumerate(classes):
        for index in range(count):
            image = draw(label * count + index, (size[0] + index, size[1]))
            write(folder, {f"{name}/{index:03}.jpg": encoded(image)})
    return folder
