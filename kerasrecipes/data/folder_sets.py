"""Which folders are the training, validation and test sets, and at which level classes are."""

import re

from kerasrecipes._printable import printable
from kerasrecipes._warning import warn
from kerasrecipes.data.image_sets import few

SET_WORDS = {
    **dict.fromkeys(("train", "training", "trn"), "train"),
    **dict.fromkeys(("validation", "valid", "val", "dev"), "validation"),
    **dict.fromkeys(("test", "testing", "tst"), "test"),
}
OTHER_WORDS = {
    "set", "sets", "data", "dataset", "seg", "image", "images", "img", "imgs", "photo", "photos",
    "picture", "pictures", "split", "folder", "sample", "samples", "the", "new", "raw",
}  # fmt: skip


def set_of(name):
    """The set that a folder's name means, or `None`.

    >>> [set_of(name) for name in ("Train", "seg_test", "training_set", "val2017", "train_station")]
    ['train', 'test', 'train', 'validation', None]
    """
    words = re.findall("[a-z]+", name.lower())
    sets = [SET_WORDS[word] for word in words if word in SET_WORDS]
    rest = [word for word in words if word not in SET_WORDS and word not in OTHER_WORDS]
    return sets[0] if len(sets) == 1 and not rest else None


def set_folders(root):
    """Folder by set; `root` itself is the single set unless it has a training folder.

    The sets are told by the names of folders, in any case; a training folder is one that has
    class folders, so that a class may be called "train".
    """
    folders = visible_folders(root)
    named = [(set_of(folder.name), folder) for folder in folders]
    if not any(name == "train" and visible_folders(folder) for name, folder in named):
        if folders and all(name and visible_folders(folder) for name, folder in named):
            raise ValueError(
                f"{printable(root)}: has {_listed(folders)} but no train/ with class folders"
            )
        _warn_of_sets_beside(root)
        return {"train": root}
    sets = {}
    for name, folder in named:
        if name in sets:
            raise ValueError(
                f"{printable(root)}: has both {sets[name].name!r} and {folder.name!r}, "
                "which are one set"
            )
        if name:
            sets[name] = folder
    others = [folder for name, folder in named if not name]
    if others:
        warn(
            f"{printable(root)}: folders beside the training set that are no set are not read: "
            f"{_listed(others)}"
        )
    return {name: sets[name] for name in ("train", "validation", "test") if name in sets}


def class_folders(root, depth, holds_images):
    """Dict from class name to folder, sorted, `depth` levels below `root`.

    Args:
        root: `pathlib.Path` of a set.
        depth: 1 or 2, or `None` for 1 where nothing else is possible.
        holds_images: function that says whether a folder holds images directly.

    Raises:
        ValueError: with `depth=None`, where the classes may be one level further down.
    """
    folders = visible_folders(root)
    if depth == 2:
        _check_no_images_above(root, folders, holds_images)
        nested = [(outer, inner) for outer in folders for inner in visible_folders(outer)]
        return {f"{outer.name}/{inner.name}": inner for outer, inner in nested}
    if depth is None:
        _check_level(root, folders, holds_images)
    return {folder.name: folder for folder in folders}


def visible_folders(folder):
    """The folders in a folder, sorted, without hidden ones."""
    return sorted(path for path in folder.iterdir() if path.is_dir() and path.name[0] != ".")


def level_below(folder):
    """A sentence that names the folder above, where that one has class folders, or ""."""
    beside = visible_folders(folder.resolve().parent)
    return f" Or is {printable(folder.resolve().parent)} meant?" if len(beside) > 1 else ""


def _check_no_images_above(root, folders, holds_images):
    for folder in folders:
        if holds_images(folder):
            raise ValueError(
                f"{printable(root)}: {folder.name!r} holds images directly, so classes are "
                "not two levels down. Received: class_depth=2"
            )


def _check_level(root, folders, holds_images):
    inside = {
        folder: [inner.name for inner in visible_folders(folder)]
        for folder in folders
        if not holds_images(folder)
    }
    nested = {folder: names for folder, names in inside.items() if len(names) > 1}
    if not nested:
        return
    if len(folders) == 1:
        raise ValueError(
            f"{printable(root)}: holds {_listed(folders)} alone. Give {printable(folders[0])}"
        )
    first, names = next(iter(nested.items()))
    ways = (
        f"give class_depth=1 if the classes are {_listed(folders)}, or class_depth=2 if they are "
        f"{printable(f'{first.name}/{names[0]}')} and so on"
    )
    repeated = len(nested) > 1 and set.intersection(*map(set, nested.values()))
    if repeated:
        raise ValueError(
            f"{printable(root)}: {_listed(nested)} hold no images directly and repeat the "
            f"same folders ({few(sorted(repeated), 4)}). If they are sets, call them train/, "
            f"validation/, test/; else {ways}"
        )
    raise ValueError(
        f"{printable(root)}: {first.name!r} holds no images directly, but the folders "
        f"{few(names, 4)}: {ways}"
    )


def _warn_of_sets_beside(root):
    own = set_of(root.resolve().name)
    if own is None:
        return
    parent = root.resolve().parent
    beside = {set_of(path.name): path for path in visible_folders(parent)}
    others = [path for name, path in beside.items() if name not in (None, own)]
    if others:
        warn(
            f"{printable(root)}: is one set of several, and is divided as if it were all; "
            f"{printable(parent)} has {_listed(others)} too. Give {printable(parent)} for all"
        )


def _listed(folders):
    return few([repr(folder.name) for folder in folders], 4)
