"""Pages of the site that stand elsewhere in the repository, with their links mended."""

import pathlib
import re

ROOT = pathlib.Path(__file__).parent.parent
LINK = re.compile(r"(?<!!)\[([^\]]+)\]\((?!https?:|#)([^)#\s]+)(#[^)\s]*)?\)")
# Where a file of the repository is on the site.
PLACES = {
    "README.md": "index.md",
    "CONTRIBUTING.md": "design.md",
    "docs/migration.md": "migration.md",
    "recipes/README.md": "recipes/index.md",
    "benchmarks/README.md": "evidence/speeds.md",
}


def included(name, page):
    """Return the text of a file without its title, for the page `page` of the site.

    Args:
        name: str, the file from the root of the repository.
        page: str, the page from `docs`.
    """
    text = (ROOT / name).read_text(encoding="utf-8")
    text = re.sub(r"\A# .*\n+", "", text)
    folder = pathlib.PurePosixPath(name).parent

    def mended(match):
        label, target, anchor = match.groups()
        place = place_of(str(folder / target))
        if place is None:
            return label if label.startswith("`") else f"{label} (`{folder / target}`)"
        up = "../" * page.count("/")
        return f"[{label}]({up}{place}{anchor or ''})"

    return LINK.sub(mended, text)


def place_of(path):
    """Return where a file of the repository is on the site, or `None`."""
    parts = []
    for part in pathlib.PurePosixPath(path).parts:
        if part == "..":
            parts.pop()
        elif part != ".":
            parts.append(part)
    path = "/".join(parts)
    if re.fullmatch(r"recipes/\w+\.py", path):
        return path.removesuffix(".py") + ".md"
    return PLACES.get(path)
