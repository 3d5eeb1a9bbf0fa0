"""Which files of a folder belong to which set and class."""

import dataclasses
import os
import warnings

import numpy as np

SUFFIXES = (".jpg", ".jpeg", ".jpe", ".jfif", ".png")
SET_OF_FOLDER = {
    "train": "train",
    "training": "train",
    "validation": "validation",
    "valid": "validation",
    "val": "validation",
    "test": "test",
    "testing": "test",
}


@dataclasses.dataclass(frozen=True)
class FolderListing:
    """Image files, set after set, class after class, in an order set by their names alone.

    Attributes:
        paths: list of strings.
        labels: int64 array, one a path.
        spans: dict from set name to the `range` of its indices.
        class_names: tuple of strings, the class folders of training, sorted.
        ignored: integer, the files that are neither JPEG nor PNG by their name.
    """

    paths: list[str]
    labels: np.ndarray
    spans: dict[str, range]
    class_names: tuple[str, ...]
    ignored: int


def list_folder(root):
    """The `FolderListing` of a folder of class folders, or of `train/` and so on with those."""
    paths, counts, labels, spans, ignored = [], [], [], {}, 0
    label_of = None
    for set_name, folder in _set_folders(root).items():
        classes, others = _list_classes(folder)
        if label_of is None:  # the training set comes first and says which classes there are
            label_of = {name: label for label, name in enumerate(classes)}
        unknown = [name for name in classes if name not in label_of]
        if unknown:
            raise ValueError(f"{folder / unknown[0]}: there is no such class in training")
        start = len(paths)
        for name, files in classes.items():
            paths += files
            labels.append(label_of[name])
            counts.append(len(files))
        spans[set_name] = range(start, len(paths))
        ignored += others
    return FolderListing(paths, np.repeat(labels, counts), spans, tuple(label_of), ignored)


def _set_folders(root):
    """Folder by set; `root` itself is the single set unless it has a training folder.

    The sets are told by the names of folders, in any case; a training folder is one that has
    class folders, so that a class may be called "train".
    """
    folders = _visible_folders(root)
    named = [(SET_OF_FOLDER.get(folder.name.lower()), folder) for folder in folders]
    if not any(name == "train" and _visible_folders(folder) for name, folder in named):
        if folders and all(name and _visible_folders(folder) for name, folder in named):
            found = ", ".join(f"{folder.name}/" for folder in folders)
            raise ValueError(f"{root}: has {found} but no train/ with class folders")
        return {"train": root}
    sets = {}
    for name, folder in named:
        if name in sets:
            raise ValueError(
                f"{root}: has both {sets[name].name}/ and {folder.name}/, which are one set"
            )
        if name:
            sets[name] = folder
    _warn_of_others(root, [folder.name for name, folder in named if not name])
    return {name: sets[name] for name in ("train", "validation", "test") if name in sets}


def _warn_of_others(root, names):
    if names:
        warnings.warn(
            f"{root}: folders beside the training set that are no set are not read: "
            f"{', '.join(names)}",
            stacklevel=2,
        )


def _list_classes(folder):
    """Dict from class name to its sorted files, and the number of files left out."""
    classes, ignored = {}, 0
    for class_folder in _visible_folders(folder):
        files, others = _list_images(class_folder)
        if not files:
            raise ValueError(
                f"{class_folder}: no JPEG or PNG images in this class folder ({others} other files)"
            )
        classes[class_folder.name] = files
        ignored += others
    loose = sum(path.is_file() and path.name[0] != "." for path in folder.iterdir())
    if not classes:
        raise ValueError(
            f"{folder}: no images found: it has no class folders ({loose} files lie directly in "
            "it). Put the images of each class into a folder named after the class"
        )
    return classes, ignored + loose


def _list_images(folder):
    """Sorted image files at any depth below `folder`, and the number of other files."""
    images, others = [], 0
    for parent, folders, files in os.walk(folder, onerror=_raise):
        folders[:] = sorted(name for name in folders if name[0] != ".")
        visible = [name for name in files if name[0] != "."]
        found = sorted(name for name in visible if name.lower().endswith(SUFFIXES))
        images += [os.path.join(parent, name) for name in found]
        others += len(visible) - len(found)
    return images, others


def _visible_folders(folder):
    return sorted(path for path in folder.iterdir() if path.is_dir() and path.name[0] != ".")


def _raise(error):
    raise error
