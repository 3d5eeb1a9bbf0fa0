"""Tables that name image files and their labels: a CSV file or a pandas frame."""

import codecs
import csv
import dataclasses
import io
import os
import pathlib

from kerasrecipes._printable import printable
from kerasrecipes.data.folder_listing import SUFFIXES
from kerasrecipes.data.image_sets import few

DELIMITERS = ",;\t|"
IMAGE_NAMES = (
    "image", "file", "filename", "file_name", "path", "filepath", "file_path", "image_path",
    "image_name", "image_id", "img", "img_path",
)  # fmt: skip
LABEL_NAMES = (
    "label", "labels", "class", "classes", "class_name", "category", "tag", "tags", "target", "y",
)  # fmt: skip
SPLIT_NAMES = ("split", "set", "subset", "partition")
WEIGHT_NAMES = ("sample_weight", "weight")


@dataclasses.dataclass(frozen=True)
class LabelTable:
    """The cells of a table, as stripped strings.

    Attributes:
        where: str, the table in messages.
        title: str, its name without a folder.
        folder: `pathlib.Path` that paths in the table are relative to.
        columns: dict from name to the list of its cells.
        lines: list of strings, the place of each row in messages.
        problems: list of pairs (place, reason) of rows that could not be read.
    """

    where: str
    title: str
    folder: pathlib.Path
    columns: dict[str, list[str]]
    lines: list[str]
    problems: list[tuple[str, str]]

    def column(self, argument, given, usual, needed=True, taken=()):
        """The name of a column: the one given, or the one with a usual name that is not taken."""
        if given is not None and given not in self.columns:
            raise ValueError(
                f"{self.where}: argument `{argument}` must be one of its columns: "
                f"{few([*self.columns], 8)}. Received: {argument}={given!r}"
            )
        found = [name for name in self.columns if name.lower() in usual and name not in taken]
        if given is None and needed and len(found) != 1:
            raise ValueError(
                f"{self.where}: which column has the {argument.split('_')[0]}s? Give `{argument}`. "
                f"It has the columns {few([*self.columns], 8)}"
            )
        return given if given is not None else next(iter(found), None)


def read_csv(path):
    """The `LabelTable` of a CSV file; its delimiter and header are found out.

    Without a header the columns are named by what they hold: `image`, then `label`.
    """
    path = pathlib.Path(path)
    try:
        contents = path.read_bytes()
        is_utf_16 = contents.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
        text = contents.decode("utf-16" if is_utf_16 else "utf-8-sig")
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    except UnicodeDecodeError as error:
        raise ValueError(f"{printable(path)}: not text in UTF-8") from error
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text))
    try:
        rows = [(reader.line_num, [cell.strip() for cell in row]) for row in reader if any(row)]
    except csv.Error as error:
        raise ValueError(f"{printable(path)}: line {reader.line_num}: {error}") from error
    if not rows:
        raise ValueError(f"{printable(path)}: the table is empty")
    header = _header(path, [row for _, row in rows])
    rows = rows if header is None else rows[1:]
    names = header or _names_by_content(path, rows[0][1])
    good = [(line, row) for line, row in rows if len(row) == len(names)]
    problems = [
        (f"{printable(path)}, line {line}", f"{len(row)} cells instead of {len(names)}")
        for line, row in rows
        if len(row) != len(names)
    ]
    columns = {name: [row[place] for _, row in good] for place, name in enumerate(names)}
    lines = [f"{printable(path)}, line {line}" for line, _ in good]
    where, title = printable(path), printable(path.name)
    return LabelTable(where, title, path.absolute().parent, columns, lines, problems)


def read_frame(frame):
    """The `LabelTable` of a pandas frame; paths are relative to the current folder."""
    if not len(frame):
        raise ValueError("frame: the table is empty")
    _check_header("frame", [str(name) for name in frame.columns])
    columns = {str(name): [*map(_cell, frame[name])] for name in frame.columns}
    lines = [f"frame, row {printable(index)}" for index in frame.index]
    return LabelTable("frame", "frame", pathlib.Path.cwd(), columns, lines, [])


def _cell(value):
    """A value of a frame as text; what pandas has for a missing one is empty.

    A list of labels is as the cell of a CSV file with them: "dog;outdoor".
    """
    if isinstance(value, (list, tuple, set, frozenset)) or getattr(value, "ndim", 0):
        return ";".join(sorted(map(_cell, value)))
    is_missing = value is None or type(value).__name__ == "NAType" or value != value
    return "" if is_missing else str(value).strip()


def _delimiter(text):
    first = text.lstrip("\n").split("\n", 1)[0]
    counts = {mark: first.count(mark) for mark in DELIMITERS}
    if not any(counts.values()):
        return ","
    present = "".join(mark for mark, count in counts.items() if count)
    try:
        return csv.Sniffer().sniff(text[:65536], delimiters=present).delimiter
    except csv.Error:
        return max(counts, key=counts.get)


def _header(path, rows):
    """The first row if it is one of names: it has no image file, or a usual name of a column."""
    usual = {*IMAGE_NAMES, *LABEL_NAMES}
    first = rows[0]
    if not {cell.lower() for cell in first} & usual and any(map(_is_image, first)):
        return None
    _check_header(printable(path), first)
    return first


def _check_header(where, names):
    if len({*names}) < len(names) or "" in names:
        raise ValueError(
            f"{where}: the header must have different names. Received: {few(names, 8)}"
        )


def _names_by_content(path, row):
    places = [place for place, cell in enumerate(row) if _is_image(cell)]
    if len(places) != 1 or len(row) != 2:
        raise ValueError(
            f"{printable(path)}: a table without a header must have two columns, an image file and "
            f"its label. Received: {few(row, 8)}"
        )
    return ["image", "label"] if places == [0] else ["label", "image"]


def _is_image(cell):
    return os.path.splitext(cell)[1].lower() in SUFFIXES
