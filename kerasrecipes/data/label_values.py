"""Labels as arrays, from the cells of a table, for each kind of task."""

import math
import re

import numpy as np

from kerasrecipes._printable import printable
from kerasrecipes.data.image_sets import few

TASKS = ("classes", "multilabel", "regression")
SEPARATORS = ";|"
MISSING = ("", "nan", "none", "na", "null")


def read_labels(table, names, task):
    """Labels of a table's rows, the class names, and the rows that have none.

    Args:
        table: `LabelTable`.
        names: list of the columns with labels.
        task: `"classes"`, `"multilabel"` or `"regression"`.

    Returns:
        Labels: int64 (N,) for classes, else float32 (N, classes or targets); the names of classes
        or targets; a dict from the index of a row to why it cannot be used.
    """
    cells = [table.columns[name] for name in names]
    if task == "regression":
        return _numbers(cells, names)
    if task == "multilabel" and len(names) > 1:
        return _indicators(cells, names)
    if len(names) > 1:
        raise ValueError(
            f"{table.where}: several columns of labels are for task='multilabel' or "
            f"'regression'. Received: task='classes', label_column={names}"
        )
    labels, classes, problems = (_tags if task == "multilabel" else _classes)(cells[0])
    if not classes:
        raise ValueError(f"{table.where}: no image has a label in column {names[0]!r}")
    return labels, classes, problems


def _classes(cells):
    problems = {row: "no label" for row, cell in enumerate(cells) if cell.lower() in MISSING}
    names = sorted({cell for row, cell in enumerate(cells) if row not in problems}, key=_order)
    label_of = {name: label for label, name in enumerate(names)}
    labels = [label_of.get(cell, 0) if row not in problems else 0 for row, cell in enumerate(cells)]
    return np.array(labels, np.int64), tuple(names), problems


def _order(name):
    """Numbers by their value, so that class "10" comes behind "9"."""
    return (0, float(name), name) if re.fullmatch(r"\d+", name) else (1, 0.0, name)


def _tags(cells):
    tags = [
        {tag.strip() for tag in re.split(f"[{SEPARATORS}]", cell)} - {""} if cell else set()
        for cell in cells
    ]
    names = sorted(set().union(*tags), key=_order)
    place = {name: column for column, name in enumerate(names)}
    labels = np.zeros((len(cells), len(names)), np.float32)
    for row, present in enumerate(tags):
        labels[row, [place[name] for name in present]] = 1
    return labels, tuple(names), {}


def _indicators(cells, names):
    labels, names, problems = _numbers(cells, names)
    for row in np.flatnonzero(~np.isin(labels, (0, 1)).all(axis=1)):
        problems.setdefault(int(row), f"labels must be 0 or 1: {few([c[row] for c in cells], 8)}")
    return labels, names, problems


def _numbers(cells, names):
    labels, problems = np.zeros((len(cells[0]), len(names)), np.float32), {}
    for column, values in enumerate(cells):
        for row, cell in enumerate(values):
            try:
                number = float(cell)
            except ValueError:
                number = math.nan
            if not abs(number) <= np.finfo(np.float32).max:
                problems.setdefault(
                    row, f"{printable(names[column])} is no finite number: {cell!r}"
                )
                continue
            labels[row, column] = number
    return labels, tuple(names), problems


def separated(cells):
    """Whether labels look like several in a cell, as "dog;outdoor"."""
    return np.mean([any(mark in cell for mark in SEPARATORS) for cell in cells]) > 0.1
