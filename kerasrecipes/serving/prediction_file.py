"""A CSV file of predictions that is written as they are made, and continued."""

import csv
import io
import json
import os
import pathlib
from collections.abc import Mapping, Sequence

from kerasrecipes._atomic_write import atomic_write
from kerasrecipes._printable import printable
from kerasrecipes._warning import warn


class PredictionFile:
    """A CSV file, one row per image, that a stopped process continues.

    Rows are on disk as soon as `append` returns. What a killed process left of a row is removed.
    A file `path` with `.json` appended stores how the predictions were made, so that those of two
    models are never mixed.

    Args:
        path: str or path. An existing file is continued if it has the same header and was made in
            the same way.
        header: Strings, the first of them `"file"`.
        made_by: dict of strings, how the predictions are made, such as
            `{"model": file_hash("model.keras")}`. Defaults to nothing, which is not stored.

    Attributes:
        done: set of strings, the files that are in it already.

    Raises:
        ValueError: If the file exists and is not one of these predictions, or was made in another
            way.

    Example:

    >>> import os, tempfile
    >>> from kerasrecipes import serving
    >>> path = os.path.join(tempfile.mkdtemp(), "labels.csv")
    >>> serving.PredictionFile(path, ["file", "class"]).append([["a.jpg", "cat"]])
    >>> serving.PredictionFile(path, ["file", "class"]).done
    {'a.jpg'}
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        header: Sequence[str],
        made_by: Mapping[str, str] | None = None,
    ) -> None:
        self._path, self.done = path, set()
        self._read(header, made_by)
        if made_by:
            with atomic_write(_beside(path)) as temporary:
                temporary.write_text(json.dumps(made_by, indent=1) + "\n", encoding="utf-8")

    def _read(self, header, made_by):
        """Read what is done; start the file if there is none, and cut an incomplete row off."""
        path = self._path
        if not os.path.exists(path) or not os.path.getsize(path):
            self._write("w", [header])
            return
        with open(path, encoding="utf-8", errors="surrogateescape", newline="") as file:
            text = file.read()
        complete = text[: _end_of_rows(text)]
        if not complete and _line(header).startswith(text):  # killed within the header
            self._write("w", [header])
            return
        first, *rows = csv.reader(io.StringIO(complete, newline="")) if complete else [[]]
        if list(first) != list(header):
            raise ValueError(
                f"{path}: exists, and has other columns than {', '.join(header)}: give another file"
            )
        self.done = {row[0] for row in rows if row}
        if self.done and made_by:
            _check_made_by(path, made_by)
        if len(complete) < len(text):
            length = len(complete.encode("utf-8", "surrogateescape"))
            os.truncate(path, length)

    def append(self, rows: Sequence[Sequence[str]]) -> None:
        """Write rows at the end."""
        self._write("a", rows)

    def _write(self, mode, rows):
        with open(self._path, mode, encoding="utf-8", errors="surrogateescape", newline="") as file:
            csv.writer(file).writerows(rows)


def _beside(path):
    return pathlib.Path(f"{os.fspath(path)}.json")


def _check_made_by(path, made_by):
    """Raise if the predictions were made in another way, warn if that is not known."""
    beside = _beside(path)
    try:
        stored = dict(json.loads(beside.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        warn(
            f"{printable(path)}: is continued, though {printable(beside.name)} is missing or "
            "damaged, which says by which model it was begun"
        )
        return
    others = [name for name, value in made_by.items() if stored.get(name) != value]
    if others:
        raise ValueError(
            f"{printable(path)}: exists, and was begun with another {' and '.join(others)}: give "
            "another file"
        )


def _end_of_rows(text):
    """Where the last complete row ends; a line end within quotes ends none."""
    end = text.rfind("\n") + 1
    while text.count('"', 0, end) % 2:
        end = text.rfind("\n", 0, end - 1) + 1
    return end


def _line(row):
    stream = io.StringIO(newline="")
    csv.writer(stream).writerow(row)
    return stream.getvalue()
