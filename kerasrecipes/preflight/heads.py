"""The outputs of a model, each with its target and what its loss expects."""

import functools
import re
from typing import NamedTuple

import keras
import numpy as np

CLASSES = {
    "sparse_categorical_crossentropy", "categorical_crossentropy", "categorical_focal_crossentropy",
    "kl_divergence", "categorical_hinge", "multiclass_hinge",
}  # fmt: skip
BINARY = {"binary_crossentropy", "binary_focal_crossentropy"}
NUMBERS = {"mean_squared_error", "mean_absolute_error", "huber", "log_cosh", "logcosh"}
SCORES = {"categorical_hinge", "multiclass_hinge", "hinge", "squared_hinge"}


class Head(NamedTuple):
    """One output of a model on a sample.

    Attributes:
        name: str, of the output; empty for the only one.
        kind: `"classes"`, `"binary"`, `"numbers"` or `"other"`.
        takes: what the loss wants: `"probabilities"`, `"logits"`, `"scores"` (of a hinge loss),
            `"numbers"`, or `None` if that is unknown.
        target, output: arrays.
        loss: str, the name of the loss.
        place: int, of the output among all, in the order of `keras.tree.flatten`.
    """

    name: str
    kind: str
    takes: str | None
    target: np.ndarray
    output: np.ndarray
    loss: str
    place: int

    def labels(self):
        """Return the class of each example."""
        if self.target.ndim > 1 and self.target.shape[-1] == self.output.shape[-1]:
            return self.target.argmax(axis=-1)
        return self.target.reshape(len(self.target), -1)[:, 0].astype("int64")

    def is_entropy_of_classes(self):
        """Return whether outputs that say nothing cost log C."""
        return "categorical_crossentropy" in self.loss and "custom" not in self.loss

    def neutral(self):
        """Return outputs that say nothing: equal probabilities, or zeros."""
        value = 0.0
        if self.takes == "probabilities":
            value = 1 / self.output.shape[-1] if self.kind == "classes" else 0.5
        return np.full(self.output.shape, value, "float32")

    def where(self):
        """Return words that name the output, where there are several."""
        return f" of {self.name}" if self.name else ""


def heads_of(model, y, outputs):
    """Return the `Head` of each output that has a loss.

    Raises:
        ValueError: if targets and outputs have not the same structure.
    """
    losses = model.loss
    if isinstance(outputs, dict):
        names = list(outputs)
    elif isinstance(outputs, (list, tuple)):
        names = list(range(len(outputs)))
    else:
        losses = losses[0] if isinstance(losses, (list, tuple)) else losses
        if isinstance(losses, dict):
            losses = next(iter(losses.values()))
        return [_head("", losses, y, outputs, 0)]
    output_names = list(getattr(model, "output_names", names))
    heads = []
    order = keras.tree.flatten(dict(zip(names, names))) if isinstance(outputs, dict) else names
    for number, name in enumerate(names):
        loss = _part(losses, name, number, output_names)
        target = _part(y, name, number, output_names, single=False)
        if loss is not None:
            heads.append(_head(str(name), loss, target, outputs[name], order.index(name)))
    return heads


def _part(structure, name, number, output_names, single=True):
    """Return what belongs to an output, by its name or place."""
    if isinstance(structure, dict):
        names = [name, output_names[number] if number < len(output_names) else name]
        for key in names:
            if key in structure:
                return structure[key]
        return None
    if isinstance(structure, (list, tuple)):
        return structure[number]
    if single:
        return structure
    raise ValueError("Argument `data` must have a target for each output. Received: one array")


def _head(name, loss, target, output, place):
    target, output = np.asarray(target), np.asarray(output)
    loss_name, from_logits = _name_and_logits(loss)
    kind = _kind(loss_name, target, output)
    takes = {"numbers": "numbers"}.get(kind)
    if loss_name in SCORES:
        takes = "scores"
    elif from_logits is not None and kind in ("classes", "binary"):
        takes = "logits" if from_logits else "probabilities"
    elif kind in ("classes", "binary"):
        takes = "probabilities" if looks_like_probabilities(output, kind) else "scores"
        loss_name = f"{loss_name} (custom)"
    return Head(name, kind, takes, target, output, loss_name, place)


def _name_and_logits(loss):
    """Return the name of a loss as its function has it, and whether it takes logits, if known."""
    options = {}
    if isinstance(loss, functools.partial):
        loss, options = loss.func, loss.keywords
    if isinstance(loss, str):
        loss = keras.losses.get(loss)
    if isinstance(loss, keras.losses.Loss):
        name = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", type(loss).__name__).lower()
        try:
            options = loss.get_config()
        except Exception:  # whatever a user's own class raises
            options = {}
    else:
        name = getattr(loss, "__name__", type(loss).__name__)
    is_entropy = name in (CLASSES | BINARY) - SCORES
    return name, options.get("from_logits", False if is_entropy else None)


def _kind(loss, target, output):
    if loss in CLASSES:
        return "classes"
    if loss in BINARY:
        return "binary"
    if loss in NUMBERS:
        return "numbers"
    if loss in ("hinge", "squared_hinge"):
        return "numbers"
    return _kind_of_own_loss(target, output)


def _kind_of_own_loss(target, output):
    """Return the kind of a loss that is not known, from the shapes and values."""
    if output.ndim < 2 or output.shape[-1] < 2:
        return "other"
    is_index = target.dtype.kind in "iu" and target.size == output.size // output.shape[-1]
    is_one_hot = target.shape == output.shape and np.allclose(target.sum(axis=-1), 1)
    return "classes" if is_index or (is_one_hot and target.min() >= 0) else "other"


def looks_like_probabilities(output, kind):
    """Return whether outputs are numbers in [0, 1], of classes such that sum to 1."""
    output = output.astype("float64")
    inside = np.isfinite(output).all() and output.min() >= 0 and output.max() <= 1 + 1e-3
    return inside and (kind != "classes" or np.abs(output.sum(axis=-1) - 1).max() < 1e-2)
