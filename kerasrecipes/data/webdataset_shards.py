"""WebDataset's tar files: `KEY.jpg` or another image beside `KEY.cls`, its class number."""

import contextlib
import io
import os
import re
import tarfile

import numpy as np

from kerasrecipes._printable import printable
from kerasrecipes.data.folder_listing import SUFFIXES
from kerasrecipes.data.image_header import JPEG_SIGNATURE
from kerasrecipes.data.shard_images import read_by_python

SUFFIX = ".tar"
LABEL = "cls"
LABEL_BYTES = 20  # more than any number of a class takes
METADATA = re.compile(r"(\./)?__[^/]*__(/|$)")  # a name, or that of a folder, at the top
NUMBER = re.compile(rb"\s*-?\d{1,18}\s*")
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
    """A function of tensors (path, offset, length, record) that returns the bytes of an image.

    It reads the header before the image too, and fails where that is not of a file of this length.
    """

    def part(path, offset, length):
        with open(path, "rb") as file:
            file.seek(offset - tarfile.BLOCKSIZE)
            header, content = file.read(tarfile.BLOCKSIZE), file.read(length)
        if len(content) != length:
            raise ValueError(f"{printable(path)}: truncated since it was listed")
        if _size_in(header) != length:
            raise ValueError(
                f"{printable(path)}: changed since it was listed: byte {offset:,} does not begin a "
                f"file of {length:,} bytes"
            )
        return content

    return lambda path, offset, length, _record: read_by_python(part, path, offset, length)


def scan(path):
    """Dict of the arrays `offsets`, `lengths` and `labels` of a shard, by its headers and labels.

    Raises:
        ValueError: where it is no tar file, compressed, truncated or damaged, has no sample, or
            where a sample has not one image and one label, the key of another, or links.
    """
    try:
        with tarfile.open(path, "r:") as archive:
            members = archive.getmembers()
            _check_end(path, archive.offset)
            samples = (one for one in _samples(path, members) if not _is_metadata(*one))
            rows = [_row(path, archive, *sample) for sample in samples]
    except tarfile.TarError as error:
        raise ValueError(
            f"{printable(path)}: no tar file, compressed, or truncated ({error}). Images are read "
            "by their place in the file, so that shards must be plain .tar"
        ) from error
    if not rows:
        raise ValueError(f"{printable(path)}: has no sample: no image with its .{LABEL}")
    columns = np.array(rows, np.int64).reshape(-1, 3).T
    return dict(zip(("offsets", "lengths", "labels"), columns))


def _samples(path, files):
    """Yield (key, {extension: member}) of the files that follow each other with the same key.

    The key of a file is its path up to the first dot of its name, its extension what follows, in
    small letters.
    """
    key, members, keys = None, {}, set()
    for member in files:
        if not _belongs_to_sample(path, member):
            continue
        folder, name = os.path.split(member.name)
        stem, _, extension = name.partition(".")
        extension = extension.lower()
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


def _belongs_to_sample(path, member):
    """Whether a member is a file with an extension, not hidden nor metadata; links are refused."""
    name = os.path.basename(member.name)
    if name.startswith(".") or "." not in name or METADATA.match(member.name):
        return False
    where = f"{printable(path)}: {printable(member.name)!r}"
    if member.islnk() or member.issym():
        raise ValueError(
            f"{where} is a link, without bytes of its own. Write the archive with "
            "`tar --dereference --hard-dereference`"
        )
    if member.issparse():
        raise ValueError(f"{where} is a sparse file. Write the archive without `tar --sparse`")
    return member.isfile()


def _is_metadata(key, members):
    """Whether files such as `__meta__.json` tell of the archive: none is an image or its label."""
    of_sample = LABEL in members or any(f".{extension}" in SUFFIXES for extension in members)
    return METADATA.match(key) is not None and not of_sample


def _row(path, archive, key, members):
    """Offset and length of the image of a sample, and its label."""
    images = [extension for extension in members if f".{extension}" in SUFFIXES]
    if len(images) != 1 or LABEL not in members:
        raise ValueError(
            f"{printable(path)}: a sample must have one image and its class number in .{LABEL}. "
            f"Received: {printable(key)!r} with {', '.join(map(printable, members)) or 'nothing'}"
        )
    text = archive.extractfile(members[LABEL]).read(LABEL_BYTES + 1)
    if len(text) > LABEL_BYTES or not NUMBER.fullmatch(text):
        raise ValueError(
            f"{printable(path)}: .{LABEL} must be a class number. Received: {printable(key)!r} "
            f"with {printable(text)!r}"
        )
    image = members[images[0]]
    return image.offset_data, image.size, int(text)


def _size_in(header):
    """The size in the header of a file of a tar, `None` of other bytes: it has a checksum."""
    try:
        return tarfile.TarInfo.frombuf(header, tarfile.ENCODING, "surrogateescape").size
    except tarfile.TarError:
        return None


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
