"""Image files in folders, behind links too, without end where a link leads to a folder above."""

import os

import pytest

from kerasrecipes.serving import find_images
from tests.data.drawn_images import write


@pytest.fixture
def tree(tmp_path):
    names = (
        "photos/b.JPG",
        "photos/a.png",
        "photos/notes.txt",
        "photos/in/c.webp",
        "photos/.x.png",
    )
    write(tmp_path, dict.fromkeys((*names, "photos/.git/d.png", "elsewhere/e.gif"), b"x"))
    return tmp_path / "photos"


def found(folder, *more):
    return [os.path.relpath(path, folder) for path in find_images([os.fspath(folder)], *more)]


def test_the_files_of_a_folder_and_of_those_in_it(tree):
    assert found(tree) == ["a.png", "b.JPG"]
    assert found(tree, True) == ["a.png", "b.JPG", "in/c.webp"]
    assert list(find_images(["none.txt"])) == ["none.txt"]
    os.remove(tree / "in" / "c.webp")
    with pytest.raises(ValueError, match="no image files in this folder"):
        list(find_images([os.fspath(tree / "in")], True))


def test_links_to_folders_are_followed_once(tree):
    (tree / "linked").symlink_to(tree.parent / "elsewhere")
    for name, target in (("up", tree), ("in/top", tree.parent), ("in/self", tree / "in")):
        (tree / name).symlink_to(target)
    assert found(tree, True) == ["a.png", "b.JPG", "in/c.webp", "linked/e.gif"]
    (tree.parent / "way").symlink_to(tree)
    assert found(tree.parent / "way", True) == found(tree, True)


def test_links_to_each_other(tree):
    one, two = tree / "one", tree / "two"
    for folder, other in ((one, two), (two, one)):
        folder.mkdir()
        (folder / "f.png").touch()
        (folder / "other").symlink_to(other)
    assert found(tree, True)[2:] == [
        "in/c.webp", "one/f.png", "one/other/f.png", "two/f.png", "two/other/f.png",
    ]  # fmt: skip


def test_a_folder_that_cannot_be_read(tree, monkeypatch):
    scandir = os.scandir

    def refuse(path):
        if str(path).endswith("/in"):
            raise PermissionError(13, "Permission denied", str(path))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refuse)
    with pytest.raises(PermissionError):
        found(tree, True)
