"""Where each image of a set lies in shards, and what is known of it."""

import dataclasses
import json
import os
import pathlib
import zipfile
from typing import Any

import numpy as np

from kerasrecipes._printable import printable

NAME, ARRAYS = "shards.json", "shards.npz"
VERSION = 1
DTYPES = {
    "shards": np.int32, "records": np.int32, "offsets": np.int64, "lengths": np.int64,
    "labels": np.int64, "short_sides": np.int32, "channels": np.uint8, "fingerprints": np.int64,
    "orientations": np.uint8,
}  # fmt: skip


@dataclasses.dataclass(frozen=True)
class ShardIndex:
    """N images of a set, in the order of the source that they were written from.

    Attributes:
        files: list of strings, the paths of the shards.
        arrays: dict from name to array of shape (N,): `shards` (place in `files`), `records`
            (number in its shard), `offsets` and `lengths` (bytes, as its format has them),
            `labels`, and, where images were looked at, `short_sides`, `channels`, `fingerprints`
            and `orientations` as in `ImageCheck`.
    """

    files: list[str]
    arrays: dict[str, np.ndarray]

    def __len__(self) -> int:
        return len(self.arrays["labels"])

    def part(self, chosen: Any) -> Any:
        """The images in the shards of which the list of bools `chosen` is true."""
        chosen = np.array(chosen, bool)
        kept = chosen[self.arrays["shards"]]
        arrays = {name: values[kept] for name, values in self.arrays.items()}
        arrays["shards"] = np.int32(np.cumsum(chosen) - 1)[arrays["shards"]]
        return ShardIndex([f for f, is_chosen in zip(self.files, chosen) if is_chosen], arrays)


def joined(indices):
    """One `ShardIndex` of several, one after another."""
    starts = np.cumsum([0] + [len(index.files) for index in indices[:-1]])
    arrays = {
        name: np.concatenate([index.arrays[name] for index in indices])
        for name in indices[0].arrays
    }
    arrays["shards"] = np.concatenate(
        [index.arrays["shards"] + np.int32(start) for index, start in zip(indices, starts)]
    )
    return ShardIndex([file for index in indices for file in index.files], arrays)


def store(folder, kind, class_names, sets):
    """Write what `read_stored` reads beside the shards.

    Args:
        folder: `pathlib.Path` that has the shards.
        kind: str, the format.
        class_names: tuple of strings.
        sets: dict from the name of a set to its `ShardIndex`.
    """
    described = {}
    for name, index in sets.items():
        counts = np.bincount(index.arrays["shards"], minlength=len(index.files)).tolist()
        described[name] = {
            "images": len(index),
            "class_counts": np.bincount(
                index.arrays["labels"], minlength=len(class_names)
            ).tolist(),
            "shards": [
                {"file": os.path.basename(path), "images": count, "bytes": os.path.getsize(path)}
                for path, count in zip(index.files, counts)
            ],
        }
    content = {
        "version": VERSION, "format": kind, "class_names": [*class_names], "sets": described
    }  # fmt: skip
    pathlib.Path(folder, NAME).write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    arrays = {f"{name}.{key}": v for name, index in sets.items() for key, v in index.arrays.items()}
    np.savez(pathlib.Path(folder, ARRAYS), **arrays)


def read_stored(folder, kind):
    """The class names and the dict from set to `ShardIndex` of a folder, `None` without an index.

    Raises:
        ValueError: where the index cannot be used, or a shard is not as it was written.
    """
    path = pathlib.Path(folder, NAME)
    if not path.exists():
        return None
    where = printable(path)
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        version, written = content["version"], content["format"]
        class_names, sets = tuple(content["class_names"]), content["sets"]
        with np.load(path.with_name(ARRAYS), allow_pickle=False) as stored:
            arrays = {name: {key: stored[f"{name}.{key}"] for key in DTYPES} for name in sets}
    except (ValueError, KeyError, TypeError, OSError, EOFError, zipfile.BadZipFile) as error:
        raise ValueError(
            f"{where}: the index of these shards is missing or damaged ({error}). Write the shards "
            "again, or remove it to have them read through"
        ) from error
    if version != VERSION or written != kind:
        raise ValueError(
            f"{where}: must be shards of version {VERSION}, format {kind}. Received: version "
            f"{version}, format {written}"
        )
    indices = {}
    for name, described in sets.items():
        files = [os.path.join(folder, shard["file"]) for shard in described["shards"]]
        indices[name] = ShardIndex(files, arrays[name])
    return (
        class_names,
        indices,
        {
            os.path.join(folder, shard["file"]): shard["bytes"]
            for described in sets.values()
            for shard in described["shards"]
        },
    )


def check_sizes(sizes):
    """Raise where a shard is not there, or has not the bytes that were written."""
    for path, size in sizes.items():
        if not os.path.exists(path):
            raise FileNotFoundError(f"{printable(path)}: this shard is missing")
        found = os.path.getsize(path)
        if found != size:
            raise ValueError(
                f"{printable(path)}: truncated or changed: {found:,} bytes, of which {size:,} "
                "were written"
            )
