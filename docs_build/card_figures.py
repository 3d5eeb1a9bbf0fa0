"""Draws every file of `pictures` into docs/generated, where it is not up to date.

    python -m docs_build.card_figures [NAME ...]

A picture is `pictures/NAME.py` with a function `draw()` that returns a figure of matplotlib. It is
drawn anew when its file or the package changes, or when its PNG is deleted.
"""

import functools
import hashlib
import importlib
import pathlib
import sys

PICTURES = pathlib.Path(__file__).parent / "pictures"
FOLDER = pathlib.Path(__file__).parent.parent / "docs" / "generated"


def names():
    """Return the names of all pictures."""
    return sorted(path.stem for path in PICTURES.glob("*.py") if path.stem[0] != "_")


def draw(name):
    """Draw a picture; returns its path."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    from docs_build.pictures import _style

    with plt.rc_context(_style.SETTINGS):
        figure = importlib.import_module(f"docs_build.pictures.{name}").draw()
        path = FOLDER / f"{name}.png"
        figure.savefig(path, metadata={"Software": digest(name)})
        plt.close(figure)
    return path


def is_current(name):
    """Return whether the picture was drawn from its present file."""
    path = FOLDER / f"{name}.png"
    return path.exists() and digest(name).encode() in path.read_bytes()[:400]


def digest(name):
    """Return a hash of what draws a picture."""
    parts = ((PICTURES / f"{n}.py").read_bytes() for n in (name, "_style", "_images"))
    return hashlib.sha256(b"".join([*parts, package_digest()])).hexdigest()[:16]


@functools.cache
def package_digest():
    """Return a hash of the package's source, which the pictures run."""
    found = hashlib.sha256()
    for path in sorted((FOLDER.parents[1] / "kerasrecipes").rglob("*.py")):
        found.update(path.read_bytes())
    return found.digest()


def draw_all(chosen=None):
    """Draw those of the pictures that are not up to date; returns their names."""
    FOLDER.mkdir(exist_ok=True)
    late = chosen or [name for name in names() if not is_current(name)]
    for name in late:
        draw(name)
    for path in FOLDER.glob("*.png"):
        if path.stem not in names():
            path.unlink()
    return late


if __name__ == "__main__":
    print(*draw_all(sys.argv[1:]))
