"""One file for a flat dict of arrays, numbers and strings: versioned, checksummed, atomic.

Layout: a line that names format and version, the length of the header (8 bytes), the header
(JSON: the plain values, and name, dtype and shape of each array), the arrays' bytes one after
another, and the SHA-256 of all that.
"""

import hashlib
import json

import ml_dtypes  # noqa: F401  (lets NumPy know bfloat16 by its name)
import numpy as np

from kerasrecipes._atomic_write import atomic_write

MAGIC = b"kerasrecipes state "
VERSION = b"1\n"
DIGEST = hashlib.sha256().digest_size


class BadStateFile(Exception):
    """The file is not a complete state; the message says why."""


def write(path, state):
    """Write `state` so that a kill at any moment leaves the old file or the new one."""
    with atomic_write(path) as temporary, open(temporary, "wb") as file:
        write_body(file, state)


def read(path):
    """Return the dict that `write` was given, or raise `BadStateFile`."""
    with open(path, "rb") as file:
        return parse(file.read())


def parse(content):
    """Return the dict in the bytes of a file, or raise `BadStateFile`."""
    if not content.startswith(MAGIC):
        raise BadStateFile("it is not a kerasrecipes state")
    if not content.startswith(MAGIC + VERSION):
        version = content[len(MAGIC) : content.find(b"\n")].decode(errors="replace")
        raise BadStateFile(f"its format is version {version}, this package reads 1")
    if hashlib.sha256(content[:-DIGEST]).digest() != content[-DIGEST:]:
        raise BadStateFile("it is truncated or damaged (its checksum is wrong)")
    return _parse_body(content)


def write_body(file, state):
    """Write `state` to a file that is open for bytes."""
    plain, arrays = {}, {}
    for name, value in state.items():
        if isinstance(value, np.ndarray):
            arrays[name] = np.ascontiguousarray(value).reshape(value.shape)
        else:
            plain[name] = value.item() if isinstance(value, np.generic) else value
    index = [[name, array.dtype.name, array.shape] for name, array in arrays.items()]
    header = json.dumps({"plain": plain, "arrays": index}, default=_plain).encode()
    checksum = hashlib.sha256()
    parts = [MAGIC + VERSION, len(header).to_bytes(8, "little"), header]
    for part in [*parts, *(array.reshape(-1).view(np.uint8) for array in arrays.values())]:
        checksum.update(part)
        file.write(part)
    file.write(checksum.digest())


def _plain(value):
    """Turn what JSON does not know, such as a NumPy scalar among History's numbers, into lists."""
    return np.asarray(value).tolist()


def _parse_body(content):
    start = len(MAGIC + VERSION) + 8
    position = start + int.from_bytes(content[start - 8 : start], "little")
    header = json.loads(content[start:position])
    state = dict(header["plain"])
    for name, dtype, shape in header["arrays"]:
        dtype = np.dtype(dtype)
        count = int(np.prod(shape, dtype=np.int64))
        state[name] = np.frombuffer(content, dtype, count, position).reshape(shape).copy()
        position += count * dtype.itemsize
    return state
