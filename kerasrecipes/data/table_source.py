"""Image files and their labels, named by a table."""

import os

import numpy as np

from kerasrecipes._printable import printable
from kerasrecipes._warning import warn
from kerasrecipes.data.folder_listing import FolderListing
from kerasrecipes.data.folder_sets import set_of
from kerasrecipes.data.folder_source import read_listing
from kerasrecipes.data.image_sets import SETS, check_presence, few
from kerasrecipes.data.label_table import (
    IMAGE_NAMES,
    LABEL_NAMES,
    SPLIT_NAMES,
    WEIGHT_NAMES,
)
from kerasrecipes.data.label_values import read_labels, separated
from kerasrecipes.data.path_list import PathList


def read_table(table, options, strict, exif, check):
    """The sets of a `LabelTable`, its files checked and none kept in memory.

    Args:
        table: `LabelTable`.
        options: `TableOptions`.
        strict, exif, check: those of `load`.
    """
    image = table.column("image_column", options.image_column, IMAGE_NAMES)
    given = _given_labels(table, options)
    more = {"needed": False, "taken": given or ()}  # "weight" may be what is to be predicted
    split = table.column("split_column", options.split_column, SPLIT_NAMES, **more)
    weight = table.column("weight_column", options.weight_column, WEIGHT_NAMES, **more)
    names = given or _usual_labels(table, options.task, {image, split, weight})
    labels, class_names, problems = read_labels(table, names, options.task)
    if options.task == "classes" and separated(table.columns[names[0]]):
        warn(
            f"{table.where}: cells of {names[0]!r} have several labels, of which each combination "
            "is a class of its own. Give task='multilabel' if an image may have several"
        )
    sets, weights = _sets(table, split, problems), _weights(table, weight, problems)
    paths = [_path(table, cell) for cell in table.columns[image]]
    problems |= {row: "no image file" for row, cell in enumerate(table.columns[image]) if not cell}
    good = np.setdiff1d(np.arange(len(paths)), [*problems])
    bad = table.problems + [(table.lines[row], reason) for row, reason in sorted(problems.items())]
    if not good.size:
        raise ValueError(f"{table.where}: no row can be used: {_named(bad)}")
    order, spans = _by_set(good, sets)
    if "train" not in spans:
        raise ValueError(
            f"{table.where}: no row is of the training set. Column {split!r} has the sets: "
            f"{', '.join(spans)}"
        )
    if options.task == "classes":
        check_presence(table.where, labels[order[: len(spans["train"])]], class_names)
    listing = FolderListing(
        PathList(paths[row] for row in order),
        labels[order],
        spans,
        class_names,
        ignored=0,
        places=[f"{table.lines[row]}: {printable(paths[row])}" for row in order],
        problems=bad,
        task=options.task,
        weights=None if weights is None else weights[order],
    )
    return read_listing(table.where, table.title, listing, strict, exif == "apply", check)


def _given_labels(table, options):
    """The columns that `label_column` names, `None` without it."""
    given = options.label_column
    if given is None:
        return None
    several = list(given) if isinstance(given, (list, tuple)) else [given]
    if several == [given] and options.task != "classes" and given not in table.columns:
        several = [name.strip() for name in given.split(",")]
    return [table.column("label_column", name, ()) for name in several]


def _usual_labels(table, task, others):
    usual = [name for name in table.columns if name.lower() in LABEL_NAMES]
    rest = [name for name in table.columns if name not in others]
    if task != "classes" and not usual and rest:
        return rest
    return [table.column("label_column", None, LABEL_NAMES)]


def _path(table, cell):
    path = os.path.normpath(os.path.join(table.folder, os.path.expanduser(cell)))
    if os.sep == "/" and "\\" in cell and "\0" not in cell and not os.path.lexists(path):
        return _path(table, cell.replace("\\", "/"))  # a table that was written on Windows
    return path


def _sets(table, column, problems):
    if column is None:
        return ["train"] * len(table.lines)
    sets = []
    for row, cell in enumerate(table.columns[column]):
        sets.append(set_of(cell))
        if sets[-1] is None:
            problems.setdefault(
                row, f"{printable(column)}={cell!r} is no set (train, validation, test)"
            )
    return sets


def _weights(table, column, problems):
    if column is None:
        return None
    weights = np.ones(len(table.lines), np.float32)
    for row, cell in enumerate(table.columns[column]):
        try:
            weights[row] = float(cell)
        except ValueError:
            weights[row] = -1
        if not 0 <= weights[row] < np.inf:
            problems.setdefault(row, f"{printable(column)}={cell!r} is no weight of 0 or more")
    return weights


def _by_set(good, sets):
    """The good rows, set after set in the order of the table, and the range of each set."""
    order, spans = [], {}
    for name in SETS:
        rows = [row for row in good if sets[row] == name]
        if rows:
            spans[name] = range(len(order), len(order) + len(rows))
            order += rows
    return np.array(order), spans


def _named(problems):
    return few([f"{place} ({reason})" for place, reason in problems])
