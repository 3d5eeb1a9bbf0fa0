"""Which files of a folder belong to which set and class."""

import collections
import dataclasses
import os

import numpy as np

from kerasrecipes._printable import printable
from kerasrecipes._warning import warn
from kerasrecipes.data.folder_sets import class_folders, level_below, set_folders
from kerasrecipes.data.image_sets import few
from kerasrecipes.data.path_list import PathList
from kerasrecipes.data.walk_folders import walk_folders

SUFFIXES = {
    ".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".apng", ".webp", ".bmp", ".dib", ".gif", ".tif",
    ".tiff", ".ppm", ".pgm", ".pbm", ".pnm", ".jp2", ".j2k", ".tga",
}  # fmt: skip
NO_IMAGES = {
    "", ".txt", ".csv", ".tsv", ".json", ".jsonl", ".xml", ".yaml", ".yml", ".md", ".rst", ".html",
    ".ini", ".cfg", ".db", ".py", ".ipynb", ".pdf", ".log", ".zip", ".tar", ".gz", ".mat", ".npy",
    ".npz", ".pkl",
}  # fmt: skip
HEIC = {".heic", ".heif", ".hif"}


@dataclasses.dataclass(frozen=True)
class FolderListing:
    """Image files, set after set, class after class, in an order set by their names alone.

    Attributes:
        paths: `PathList`.
        labels: int64 array, one a path.
        spans: dict from set name to the `range` of its indices.
        class_names: tuple of strings, the class folders of training, sorted.
        ignored: int, the files that are no images by their names.
        places: sequence of strings that name the paths in messages, `None` for the paths.
        problems: list of pairs (place, reason) of what is not in `paths`, as it cannot be used.
        task: str, one of `label_values.TASKS`; other than for classes, labels are float32 (N, n).
        weights: float32 array, one a path, or `None`.
    """

    paths: PathList
    labels: np.ndarray
    spans: dict[str, range]
    class_names: tuple[str, ...]
    ignored: int
    places: list[str] | None = None
    problems: list[tuple[str, str]] = dataclasses.field(default_factory=list)
    task: str = "classes"
    weights: np.ndarray | None = None


def list_folder(root, class_depth=None):
    """The `FolderListing` of a folder of class folders, or of `train/` and so on with those."""
    paths, counts, labels, spans = PathList(), [], [], {}
    left_out = collections.Counter()
    label_of = None
    for set_name, folder in set_folders(root).items():
        if set_name != "train" and not any(path.name[0] != "." for path in folder.iterdir()):
            warn(f"{printable(folder)}: is empty, and left out as if it were not there")
            continue
        start = len(paths)
        classes = _list_classes(folder, class_depth, left_out, paths)
        if label_of is None:  # the training set comes first and says which classes there are
            label_of = {name: label for label, name in enumerate(classes)}
        unknown = [name for name in classes if name not in label_of]
        if unknown:
            raise ValueError(
                f"{printable(folder / unknown[0])}: there is no such class in training"
            )
        for name, count in classes.items():
            labels.append(label_of[name])
            counts.append(count)
        spans[set_name] = range(start, len(paths))
    _warn_of_left_out(root, left_out)
    ignored = left_out.total()
    return FolderListing(paths, np.repeat(labels, counts), spans, tuple(label_of), ignored)


def _list_classes(folder, class_depth, left_out, paths):
    """Dict from class name to how many files it adds to `paths`; counts others by their suffix."""
    loose = collections.Counter(_suffix(path.name) for path in folder.iterdir() if _is_file(path))
    folders = class_folders(folder, class_depth, _holds_images)
    if not folders:
        raise ValueError(
            f"{printable(folder)}: no images found: it has no class folders ({loose.total()} files "
            "lie directly in it). Put the images of each class into a folder named after the class."
            + (level_below(folder) if loose else "")
        )
    classes = {}
    for name, class_folder in folders.items():
        before = len(paths)
        others = _list_images(class_folder, paths)
        if len(paths) == before:
            raise ValueError(
                f"{printable(class_folder)}: no images in this class folder "
                f"({others.total()} other files): remove the folder, or fill it"
            )
        classes[name] = len(paths) - before
        left_out.update(others)
    left_out.update(loose)
    return classes


def _list_images(folder, paths):
    """Add the sorted image files at any depth below `folder`; return other files by suffix."""
    others = collections.Counter()
    for parent, files in walk_folders(folder):
        images = [name for name in files if _suffix(name) in SUFFIXES]
        paths.extend(os.path.join(parent, name) for name in images)
        others.update(_suffix(name) for name in files if _suffix(name) not in SUFFIXES)
    return others


def _warn_of_left_out(root, left_out):
    """Say what may have been images; notes and tables are left out without a word."""
    kinds = [kind for kind, _ in left_out.most_common() if kind not in NO_IMAGES]
    if not kinds:
        return
    advice = ""
    if HEIC & set(kinds):
        advice = ". HEIC is read by the package pillow-heif: convert these files to JPEG with it"
    counted = few([f"{left_out[kind]:,} {kind}" for kind in kinds], limit=6)
    warn(f"{printable(root)}: files left out by their kind: {counted}{advice}")


def _holds_images(folder):
    return any(_is_file(path) and _suffix(path.name) in SUFFIXES for path in folder.iterdir())


def _is_file(path):
    return path.name[0] != "." and not path.is_dir()


def _suffix(name):
    return os.path.splitext(name)[1].lower()
