"""Charts of the results of tests, as functions that return a Matplotlib figure."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure

from kerasrecipes.evaluation.figures import TRAINING, VALIDATION, shorten

DARK = 0.6  # of the colour scale: from here on white is read better than black


def confusion_figure(matrix: Any, class_names: Sequence[str]) -> Any:
    """Return the confusion matrix as a figure; the diagonal holds the correct predictions.

    With up to 20 classes the counts are written; with more, a logarithmic colour scale shows them.

    Args:
        matrix: int array `(classes, classes)`, such as that of `confusion_matrix`.
        class_names: sequence of str.

    Returns:
        Matplotlib figure.

    Example:

    >>> import numpy as np
    >>> from kerasrecipes import evaluation
    >>> figure = evaluation.confusion_figure(np.array([[3, 1], [0, 4]]), ["cat", "dog"])
    >>> figure.axes[0].get_xlabel()
    'predicted'
    """
    classes = len(class_names)
    side = min(max(4.5, 0.55 * classes + 2), 16)
    figure = Figure(figsize=(side + 0.6, side), layout="constrained")
    axes = figure.subplots()
    picture = axes.imshow(
        np.maximum(matrix, 0.5), cmap="Blues", norm=LogNorm(0.5, max(matrix.max(), 1))
    )
    if classes <= 20:
        _write_counts(axes, matrix, picture.norm)
    else:
        figure.colorbar(picture, ax=axes, shrink=0.7, label="images")
    shown = range(classes) if classes <= 60 else range(0, classes, classes // 40)
    names = [shorten(class_names[i], 18) for i in shown]
    axes.set_xticks(
        list(shown), names, rotation=90 if classes > 6 else 0, fontsize=8, parse_math=False
    )
    axes.set_yticks(list(shown), names, fontsize=8, parse_math=False)
    axes.set_xlabel("predicted")
    axes.set_ylabel("true")
    accuracy = np.trace(matrix) / max(matrix.sum(), 1)
    axes.set_title(f"{matrix.sum()} test images, accuracy {accuracy:.1%}", fontsize=10)
    return figure


def _write_counts(axes, matrix, norm):
    for row, column in np.argwhere(matrix > 0):
        color = "white" if norm(matrix[row, column]) > DARK else "black"
        count = str(matrix[row, column])
        axes.text(column, row, count, ha="center", va="center", fontsize=8, color=color)


def calibration_figure(reliability: Any) -> Any:
    """Return a reliability diagram: accuracy by confidence, above the counts of the bins.

    Args:
        reliability: Result of `inference.reliability`.

    Returns:
        Matplotlib figure.

    Example:

    >>> import numpy as np
    >>> from kerasrecipes import evaluation, inference
    >>> probabilities = np.array([[0.9, 0.1], [0.6, 0.4]])
    >>> figure = evaluation.calibration_figure(inference.reliability(probabilities, [0, 1]))
    >>> [axes.get_ylabel() for axes in figure.axes]
    ['accuracy', 'images']

    Reference: Guo et al., 2017, https://arxiv.org/abs/1706.04599.
    """
    count, _, accuracy = reliability
    bins = len(count)
    centres = (np.arange(bins) + 0.5) / bins
    figure = Figure(figsize=(4.6, 5.4), layout="constrained")
    axes, below = figure.subplots(2, 1, sharex=True, height_ratios=(3, 1))
    axes.plot([0, 1], [0, 1], color=TRAINING, linestyle="--", linewidth=1, label="perfect")
    axes.bar(
        centres, np.nan_to_num(accuracy), width=0.94 / bins, color=VALIDATION, label="accuracy"
    )
    axes.set(ylabel="accuracy", xlim=(0, 1), ylim=(0, 1))
    axes.legend(frameon=False, fontsize=9, loc="upper left")
    below.bar(centres, count, width=0.94 / bins, color=TRAINING)
    below.set(xlabel="probability of the predicted class", ylabel="images")
    for part in (axes, below):
        part.spines[["top", "right"]].set_visible(False)
    return figure


def label_scores_figure(scores: Any, names: Sequence[str]) -> Any:
    """Return a bar chart of scores in 0..1 by label, the first score in descending order.

    Args:
        scores: dict from a name to a list of numbers or `None`, one per label.
        names: Strings, the labels.

    Returns:
        Matplotlib figure.

    Example:

    >>> from kerasrecipes import evaluation
    >>> figure = evaluation.label_scores_figure({"recall": [0.5, 0.9]}, ["cat", "dog"])
    >>> [label.get_text() for label in figure.axes[0].get_yticklabels()]
    ['dog', 'cat']
    """
    first = next(iter(scores.values()))
    order = sorted(range(len(names)), key=lambda place: -(first[place] or 0))
    figure = Figure(figsize=(7.0, 1.3 + 0.32 * len(names)), layout="constrained")
    axes = figure.subplots()
    height = 0.8 / len(scores)
    for place, ((name, values), color) in enumerate(zip(scores.items(), (VALIDATION, TRAINING))):
        rows = np.arange(len(names)) + (place - (len(scores) - 1) / 2) * height
        widths = [values[label] or 0 for label in order]
        axes.barh(rows, widths, height * 0.92, color=color, label=name.replace("_", " "))
    shown = [shorten(names[label], 28) for label in order]
    axes.set_yticks(range(len(names)), shown, fontsize=8, parse_math=False)
    axes.invert_yaxis()
    axes.set(xlim=(0, 1))
    axes.spines[["top", "right"]].set_visible(False)
    figure.legend(loc="outside upper center", ncols=len(scores), frameon=False, fontsize=9)
    return figure


def scatter_figure(predictions: Any, labels: Any, names: Sequence[str]) -> Any:
    """Return predicted against true numbers, a panel for each of the targets.

    Args:
        predictions, labels: Arrays `(images, targets)`.
        names: Strings, the targets.

    Returns:
        Matplotlib figure.

    Example:

    >>> import numpy as np
    >>> from kerasrecipes import evaluation
    >>> predictions, labels = np.array([[1.0], [2.0]]), np.array([[1.1], [1.9]])
    >>> figure = evaluation.scatter_figure(predictions, labels, ["age"])
    >>> figure.axes[0].get_title()
    'age'
    """
    columns = min(3, len(names))
    rows = -(-len(names) // columns)
    figure = Figure(figsize=(4.2 * columns, 4.2 * rows), layout="constrained")
    grid = figure.subplots(rows, columns, squeeze=False).ravel()
    for axes in grid[len(names) :]:
        axes.set_axis_off()
    for axes, name, predicted, true in zip(grid, names, np.transpose(predictions), labels.T):
        ends = [min(predicted.min(), true.min()), max(predicted.max(), true.max())]
        axes.plot(ends, ends, color=TRAINING, linestyle="--", linewidth=1)
        axes.plot(true, predicted, ".", color=VALIDATION, alpha=0.5)
        axes.set(xlabel="true", ylabel="predicted")
        axes.set_title(shorten(name, 34), fontsize=10, parse_math=False)
        axes.spines[["top", "right"]].set_visible(False)
    return figure


def probe_figure(probe: Any) -> Any:
    """Return a bar chart of the accuracy of linear classifiers by stage, shallow to deep.

    Args:
        probe: Result of `transfer.linear_probe`.

    Returns:
        A `matplotlib.figure.Figure`.

    Example:

    >>> import numpy as np
    >>> from kerasrecipes import evaluation, transfer
    >>> kernel, bias = np.zeros((4, 2)), np.zeros(2)
    >>> stem = transfer.StageProbe("stem", 1.0, kernel, bias, accuracy=0.5, loss=0.69)
    >>> probe = transfer.ProbeResult((stem,), np.array([0, 1]))
    >>> figure = evaluation.probe_figure(probe)
    >>> [label.get_text() for label in figure.axes[0].get_yticklabels()]
    ['stem']
    """
    names = [shorten(one.stage, 28) for one in probe.stages]
    figure = Figure(figsize=(7.0, 1.3 + 0.55 * len(names)), layout="constrained")
    axes = figure.subplots()
    accuracies = probe.accuracies()
    colors = {
        "accuracy (fitted)": "#d0d0d0",
        "accuracy (cross-validated)": VALIDATION,
        "accuracy (validation)": TRAINING,
    }
    height = 0.8 / len(accuracies)
    for place, (name, values) in enumerate(accuracies.items()):
        rows = np.arange(len(names)) + (place - (len(accuracies) - 1) / 2) * height
        bars = axes.barh(rows, values, height * 0.92, color=colors[name], label=name)
        axes.bar_label(bars, fmt="%.3f", fontsize=8, padding=3)
    axes.set_yticks(range(len(names)), names, fontsize=8, parse_math=False)
    axes.invert_yaxis()
    axes.set(xlim=(0, 1.09), xlabel="accuracy of a linear classifier")
    axes.set_xticks(np.linspace(0, 1, 6))
    axes.spines[["top", "right"]].set_visible(False)
    figure.legend(loc="outside upper center", ncols=len(accuracies), frameon=False, fontsize=9)
    return figure
