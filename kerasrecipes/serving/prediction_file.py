"""A CSV file of predictions that is written as they are made, and continued."""

import csv
import io
import os
from collections.abc import Sequence


class PredictionFile:
    """A CSV file, one row per image, that a stopped process continues.

    Rows are on disk as soon as `append` returns. What a killed process left of a row is removed.

    Args:
        path: str or path. An existing file is continued if it has the same header.
        header: Strings, the first of them `"file"`.

    Attributes:
        done: set of strings, the files that are in it already.

    Raises:
        ValueError: If the file exists and is not one of these predictions.
    """

    def __init__(self, path: str | os.PathLike[str], header: Sequence[str]) -> None:
        self._path, self.done = path, set()
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
        if len(complete) < len(text):
            length = len(complete.encode("utf-8", "surrogateescape"))
            os.truncate(path, length)

    def append(self, rows: Sequence[Sequence[str]]) -> None:
        """Write rows at the end."""
        self._write("a", rows)

    def _write(self, mode, rows):
        with open(self._path, mode, encoding="utf-8", errors="surrogateescape", newline="") as file:
            csv.writer(file).writerows(rows)


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
