"""Images in memory: arrays, in tuples or in a mapping."""

import hashlib

import numpy as np

from kerasrecipes._printable import printable
from kerasrecipes.data.image_sets import SETS, ImageSets, check_labels, check_presence
from kerasrecipes.data.image_source import ImageSource
from kerasrecipes.data.stored_pixels import StoredPixels

KEYS = ("x_train", "y_train", "x_test", "y_test")


def name_arrays(arrays):
    """The mapping that a tuple stands for: (x, y), four arrays, or ((x, y), (x, y))."""
    nested = all(isinstance(pair, (tuple, list)) and len(pair) == 2 for pair in arrays)
    if len(arrays) == 2 and nested:
        arrays = (*arrays[0], *arrays[1])
    if len(arrays) not in (2, 4):
        raise ValueError(
            "Arrays must be (x, y) or (x_train, y_train, x_test, y_test). "
            f"Received: a tuple of {len(arrays)}"
        )
    return dict(zip(KEYS, arrays))


def read_arrays(arrays, name="arrays", where="arrays"):
    """The sets in a mapping of arrays that has the keys of an `.npz` file."""
    pairs = {}
    for set_name in SETS:
        x, y = arrays.get(f"x_{set_name}"), arrays.get(f"y_{set_name}")
        if (x is None) != (y is None) or (set_name == "train" and x is None):
            missing = f"{'x' if x is None else 'y'}_{set_name}"
            raise ValueError(
                f"{where}: missing {missing}. Received: {', '.join(map(printable, arrays))}"
            )
        if x is not None:
            pairs[set_name] = _pair(f"{where}: ", set_name, x, y)
    channels = {set_name: images.shape[-1] for set_name, (images, _) in pairs.items()}
    if len(set(channels.values())) > 1:
        raise ValueError(f"{where}: the sets must have the same channels. Received: {channels}")
    labels = {set_name: labels for set_name, (_, labels) in pairs.items()}
    class_names = _class_names(arrays.get("class_names"), where, labels["train"])
    check_labels(where, labels, len(class_names))
    check_presence(where, labels["train"], class_names)
    sets = {set_name: _indexed(set_name, *pair) for set_name, pair in pairs.items()}
    return ImageSets(name, sets, class_names, channels["train"], encoded=False)


def _pair(where, set_name, x, y):
    x, y = np.asarray(x), np.asarray(y)
    if x.dtype != np.uint8:
        raise ValueError(
            f"{where}x_{set_name} must hold uint8 pixels in 0..255. Received: dtype {x.dtype}"
        )
    if x.ndim == 3:
        x = x[..., np.newaxis]
    if x.ndim != 4 or x.shape[-1] not in (1, 3) or 0 in x.shape:
        raise ValueError(
            f"{where}x_{set_name} must have shape (images, height, width) or (images, height, "
            f"width, 1 or 3), none of them 0. Received: shape {x.shape}"
        )
    if y.dtype.kind not in "iu":
        raise ValueError(f"{where}y_{set_name} must hold integer labels. Received: dtype {y.dtype}")
    if y.ndim == 2 and y.shape[1] == 1:
        y = y[:, 0]
    if y.ndim != 1:
        raise ValueError(
            f"{where}y_{set_name} must have shape (images,) or (images, 1), one label an image. "
            f"Received: shape {y.shape}"
        )
    if len(x) != len(y):
        raise ValueError(
            f"{where}x_{set_name} and y_{set_name} must be of one length. "
            f"Received: {len(x)} images and {len(y)} labels"
        )
    return x, y.astype(np.int64)


def _class_names(names, where, train_labels):
    if names is not None:
        names = np.asarray(names)
        if names.ndim != 1 or names.dtype.kind not in "US" or len(set(names.tolist())) < len(names):
            raise ValueError(
                f"{where}: class_names must be a list of different strings. Received: {names!r}"
            )
        return tuple(names.astype(str).tolist())
    highest = int(train_labels.max())
    if highest >= len(train_labels):
        raise ValueError(
            f"{where}: labels must be in 0..number of classes - 1. Received: label {highest} "
            f"among {len(train_labels)} training images"
        )
    return tuple(str(label) for label in range(highest + 1))


def _indexed(set_name, x, labels):
    short_sides = np.broadcast_to(np.int64(min(x.shape[1:3])), len(x))
    return ImageSource(
        labels,
        short_sides,
        read=StoredPixels(x),
        fingerprints=np.array([_fingerprint(image) for image in x], np.int64),
        name_of=lambda index: f"x_{set_name}[{index}]",
        in_memory=True,
    )


def _fingerprint(image):
    """A hash of the shape and the pixels, 0 or more."""
    digest = hashlib.blake2b(str(image.shape).encode(), digest_size=8)
    digest.update(np.ascontiguousarray(image))
    return int.from_bytes(digest.digest(), "little") >> 1
