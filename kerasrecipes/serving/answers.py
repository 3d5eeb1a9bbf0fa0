"""What a model predicts of an image, for people, JSON and CSV."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from kerasrecipes._printable import printable
from kerasrecipes.serving.classifier import Classifier


class Answers:
    """The predictions of a `Classifier` in words.

    An answer is a list of (name, value): the likeliest classes, the labels above their thresholds
    (the likeliest first), or all numbers.

    Args:
        classifier: `Classifier`.
        top: int >= 1, classes in an answer. Defaults to 5.

    Example:

    >>> import keras, numpy as np
    >>> from kerasrecipes import serving
    >>> classifier = serving.Classifier(keras.Model(), ("cat", "dog", "owl"), 3, (8, 8))
    >>> answers = serving.Answers(classifier, top=2)
    >>> answers.of(np.array([0.25, 0.625, 0.125]))
    [('dog', 0.625), ('cat', 0.25)]
    >>> answers.header()
    ['file', 'class', 'probability', 'class_2', 'probability_2']
    >>> answers.cells(np.array([0.25, 0.625, 0.125]))
    ['dog', '0.625000', 'cat', '0.250000']
    """

    def __init__(self, classifier: Classifier, top: int = 5) -> None:
        self._classifier, self._top = classifier, top
        self._names, self._task = list(classifier.class_names), classifier.task

    def of(self, output: Any) -> list[tuple[str, float]]:
        """Return the answer for the outputs of one image, an array `(classes,)`."""
        order = np.argsort(-output, kind="stable")
        if self._task == "classes":
            order = order[: self._top]
        elif self._task == "multilabel":
            threshold = self._classifier.threshold
            order = [label for label in order if output[label] >= threshold(label)]
        else:
            order = range(len(self._names))
        return [(self._names[label], float(output[label])) for label in order]

    def header(self) -> list[str]:
        """Return the columns of a CSV file of predictions."""
        if self._task == "multilabel":
            return ["file", "labels", *self._names]
        if self._task == "regression":
            return ["file", *self._names]
        places = range(2, min(self._top, len(self._names)) + 1)
        more = [cell for place in places for cell in (f"class_{place}", f"probability_{place}")]
        return ["file", "class", "probability", *more]

    def cells(self, output: Any) -> list[str]:
        """Return the cells of an image's row in a CSV file, behind its name."""
        if self._task == "classes":
            return [cell for name, value in self.of(output) for cell in (name, f"{value:.6f}")]
        values = [f"{value:.6g}" for value in output]
        if self._task == "regression":
            return values
        return [";".join(name for name, _ in self.of(output)), *values]

    def as_object(self, file: str, answer: Sequence[tuple[str, float]]) -> dict[str, Any]:
        """Return the JSON object of an image's answer."""
        if self._task == "classes":
            name, probability = answer[0]
            return {"file": file, "class": name, "probability": probability}
        return {"file": file, "labels" if self._task == "multilabel" else "values": dict(answer)}

    def table(self, files: Sequence[str], answers: Sequence[Sequence[tuple[str, float]]]) -> str:
        """Return lines of text: a line a class, the file named on the first of each image."""
        value = "value" if self._task == "regression" else "probability"
        rows = [("image", "class" if self._task == "classes" else "label", value)]
        for file, answer in zip(files, answers):
            for number, (name, of_name) in enumerate(answer or [("(none)", None)]):
                shown = "" if of_name is None else f"{of_name:.4f}"
                rows.append(("" if number else file, name, shown))
        rows = [[printable(cell) for cell in row] for row in rows]
        widths = [max(len(row[column]) for row in rows) for column in (0, 1)]
        return "\n".join(f"{f:<{widths[0]}}  {n:<{widths[1]}}  {p:>11}" for f, n, p in rows)
