"""WebDataset's tar files: `KEY.jpg` or another image beside `KEY.cls`, its class number."""

import contextlib
import io
import os
import tarfile

import numpy as np

from kerasrecipes._printable import printable
from kerasrecipes.data.folder_listing import SUFFIXES
from kerasrecipes.data.image_header import JPEG_SIGNATURE
from kerasrecipes.data.shard_images import read_by_python

SUFFIX = ".tar"
LABEL = "cls"
LABEL_BYTES = 20  # more than any number of a class takes
CHUNK = 2**20


@contextlib.contextmanager
def open_writer(path):
    """Yield a function of (number, bytes of an image, label) that returns (offset, length)."""

    def add(name, content):
        member = tarfile.TarInfo(name)
        member.size = len(content)
        start = archive.offset + tarfile.BLOCKSIZE
        archive.addfile(member, io.BytesIO(content))
        return start, len(content)

    def write(number, image, label):
        key = f"{number:09}"
        place = add(f"{key}.{'jpg' if image.startswith(JPEG_SIGNATURE) else 'png'}", image)
        add(f"{key}.{LABEL}", str(label).encode())
        return place

    with tarfile.open(path, "w", format=tarfile.USTAR_FORMAT) as archive:
        yield write


def record_reader(_paths):
    """A function of tensors (path, offset, length, record) that returns the bytes of an image."""

    def part(path, offset, length):
        with open(path, "rb") as file:
            file.seek(offset)
            content = file.read(length)
        if len(content) != length:
            raise ValueError(f"{printable(path)}: truncated since it was listed")
        return content

    return lambda path, offset, length, _record: read_by_python(part, path, offset, length)


def scan(path):
    """Dict of the arrays `offsets`, `lengths` and `labels` of a shard, by its headers and labels.

    Raises:
        ValueError: where it is no tar file, compressed, truncated or damaged, or where a sample
            has not one image and one label, or the key of another.
    """
    try:
        with tarfile.open(path, "r:") as archive:
            members = archive.getmembers()
            _check_end(path, archive.offset)
            rows = [_row(path, archive, *sample) for sample in _samples(path, members)]
    except tarfile.TarError as error:
        raise ValueError(
            f"{printable(path)}: no tar file, compressed, or truncated ({error}). Images are read "
            "by their place in the file, so that shards must be plain .tar"
        ) from error
    columns = np.array(rows, np.int64).reshape(-1, 3).T
    return dict(zip(("offsets", "lengths", "labels"), columns))


def _samples(path, files):
    """Yield (key, {extension: member}) of the files that follow each other with the same key.

    The key of a file is its path up to the first dot of its name.
    """
    key, members, keys = None, {}, set()
    for member in files:
        folder, name = os.path.split(member.name)
        if not member.isfile() or name[0] == ".":
            continue
        stem, _, extension = name.partition(".")
        if (next_key := os.path.join(folder, stem)) != key:
            if members:
                yield key, members
            key, members = next_key, {}
        if (not members and key in keys) or extension in members:
            raise ValueError(f"{printable(path)}: the key {printable(key)!r} is there twice")
        keys.add(key)
        members[extension] = member
    if members:
        yield key, members


def _row(path, archive, key, members):
    """Offset and length of the image of a sample, and its label."""
    images = [extension for extension in members if f".{extension.lower()}" in SUFFIXES]
    if len(images) != 1 or LABEL not in members:
        raise ValueError(
            f"{printable(path)}: a sample must have one image and its class number in .{LABEL}. "
            f"Received: {printable(key)!r} with {', '.join(map(printable, members)) or 'nothing'}"
        )
    text = archive.extractfile(members[LABEL]).read(LABEL_BYTES)
    image = members[images[0]]
    try:
        return image.offset_data, image.size, int(text)
    except ValueError as error:
        raise ValueError(
            f"{printable(path)}: .{LABEL} must be a class number. Received: {printable(key)!r} "
            f"with {printable(text)!r}"
        ) from error


def _check_end(path, end):
    """Raise unless all from `end` on is zeros, two blocks or more, as in a tar that is complete.

    `tarfile` takes a damaged header, and the end of the file, for the end of the archive.
    """
    zeros = 0
    with open(path, "rb") as file:
        file.seek(end)
        while chunk := file.read(CHUNK):
            if chunk.strip(b"\0"):
                raise ValueError(
                    f"{printable(path)}: damaged: byte {end:,} begins neither a file nor the end. "
                    "Archives that were put together by `cat` must be apart"
                )
            zeros += len(chunk)
    if zeros < 2 * tarfile.BLOCKSIZE:
        raise ValueError(f"{printable(path)}: truncated: it has no end mark")
