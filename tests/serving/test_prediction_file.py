"""A file of predictions that is continued wherever a process was stopped."""

import csv

import pytest

from kerasrecipes.serving import PredictionFile

HEADER = ["file", "class"]
ROWS = [["a.png", "cat"], ["b\n\r\nb.png", 'do"g'], ['c"\n\n.png', "cat"], ["d.png", "dog"]]


def rows_of(path):
    with open(path, newline="") as file:
        return list(csv.reader(file))


def test_cut_at_any_byte_it_is_continued(tmp_path):
    """File names may hold line ends and quotes."""
    path = tmp_path / "labels.csv"
    PredictionFile(path, HEADER).append(ROWS)
    contents = path.read_bytes()
    for length in range(len(contents) + 1):
        path.write_bytes(contents[:length])
        table = PredictionFile(path, HEADER)
        assert table.done == {row[0] for row in ROWS[: len(table.done)]}
        table.append([row for row in ROWS if row[0] not in table.done])
        assert path.read_bytes() == contents


def test_a_file_of_other_columns_is_left_as_it_is(tmp_path):
    path = tmp_path / "labels.csv"
    PredictionFile(path, HEADER).append(ROWS)
    contents = path.read_bytes()
    with pytest.raises(ValueError, match="other columns"):
        PredictionFile(path, ["file", "labels"])
    assert path.read_bytes() == contents and rows_of(path) == [HEADER, *ROWS]
