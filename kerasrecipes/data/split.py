"""Stratified splits: the same proportions of classes in every set."""

import numpy as np

from kerasrecipes._validation import check_number
from kerasrecipes.data.image_sets import SETS

DEFAULT_FRACTIONS = (0.8, 0.1, 0.1)


def check_split(split):
    """Raise unless `split` is `None`, (train, validation, test) or (train, validation)."""
    if split is None:
        return
    if not isinstance(split, (tuple, list)) or len(split) not in (2, 3):
        raise ValueError(
            "Argument `split` must be None, (train, validation, test) or (train, validation). "
            f"Received: split={split!r}"
        )
    for fraction in split:
        check_number("split", fraction, "[0, 1]")
    if abs(sum(split) - 1) > 1e-6 or split[0] == 0 or sum(split[1:]) == 0:
        raise ValueError(
            "Argument `split` must be fractions that sum to 1, more than 0 for training and for "
            f"another set. Received: split={tuple(split)}"
        )


def split_sets(name, sets, split, seed):
    """Sets by name after the split: the source's own unless there is one set or a `split`."""
    if split is None:
        if len(sets) > 1:
            return sets
        split = DEFAULT_FRACTIONS
    if len(split) == 3 and len(sets) > 1:
        raise ValueError(
            f"{name} has its own sets ({', '.join(sets)}), which three fractions would mix: give "
            f"split=(train, validation) to carve validation out of training. "
            f"Received: split={tuple(split)}"
        )
    if len(split) == 2 and ("test" not in sets or "validation" in sets):
        raise ValueError(
            f"split=(train, validation) is for a source with its own test set and no validation "
            f"set. {name} has: {', '.join(sets)}. {_three_fractions(split, sets)}"
            f"Received: split={tuple(split)}"
        )
    names = SETS[: len(split)]
    parts = stratified_indices(strata(sets["train"].labels), split, seed, name)
    carved = {key: sets["train"].subset(part) for key, part in zip(names, parts) if part.size}
    return {**carved, **{key: sets[key] for key in sets if key != "train"}}


def fewer(images, count, seed, name):
    """Return `count` of the images, each class in proportion; all where there are no more."""
    if count is None or count >= len(images):
        return images
    labels = strata(images.labels)
    classes = len(np.unique(labels))
    if count < classes:
        raise ValueError(
            f"Argument `train_images` must be at least {classes}, an image of each class of "
            f"{name}. Received: train_images={count}"
        )
    fraction = count / len(images)
    kept, _ = stratified_indices(labels, (fraction, 1 - fraction), seed, name)
    return images.subset(kept)


def _three_fractions(split, sets):
    """Say what two fractions of a single set may have meant."""
    if len(sets) > 1:
        return ""
    train, rest = (round(fraction, 6) for fraction in split)
    half = round(rest / 2, 6)
    return f"Give ({train}, 0, {rest}) for a test set, or ({train}, {half}, {half}). "


def strata(labels):
    """The int labels that a split is stratified by: those of several labels, by the rarest.

    >>> strata(np.array([[1.0, 0.0], [1.0, 1.0], [0.0, 0.0]])).tolist()
    [0, 1, 2]
    """
    if labels.ndim == 1:
        return labels
    if not np.isin(labels, (0, 1)).all():
        return np.zeros(len(labels), np.int64)
    counts = labels.sum(axis=0)
    rarest = np.where(labels == 1, counts, np.inf).argmin(axis=1)
    return np.where(labels.any(axis=1), rarest, labels.shape[1])


def stratified_indices(labels, fractions, seed, name="data"):
    """Disjoint sorted arrays of indices, one for each fraction, that make up all of `labels`.

    Each class is spread over the sets in proportion, within one image, and keeps at least one
    image in the first set, whatever its size.

    Args:
        labels: int array of shape (N,).
        fractions: tuple of floats that sum to 1; one above 0 gets an image at least.
        seed: int, chooses the images.
        name: str, named in errors.

    Raises:
        ValueError: where there are too few images.

    Example:

    >>> labels = np.array([0, 1] * 50)
    >>> train, validation, test = stratified_indices(labels, (0.8, 0.1, 0.1), seed=0)
    >>> [np.bincount(labels[part]).tolist() for part in (train, validation, test)]
    [[40, 40], [5, 5], [5, 5]]
    """
    shuffled = np.random.default_rng(seed).permutation(len(labels))
    by_class = shuffled[np.argsort(labels[shuffled], kind="stable")]
    first_of_class = np.diff(labels[by_class], prepend=-1) != 0
    spare = by_class[~first_of_class]
    counts = [
        max(1, round(fraction * len(labels))) if fraction else 0 for fraction in fractions[1:]
    ]
    if sum(counts) > len(spare):
        raise ValueError(
            f"{name}: {len(labels)} images are too few to split {tuple(fractions)} with one "
            f"training image of each class; the other sets need {sum(counts)}, {len(spare)} can be "
            "spared"
        )
    parts = []
    for count in counts:
        chosen = _evenly(len(spare), count)
        parts.append(np.sort(spare[chosen]))
        spare = spare[~chosen]
    return (np.sort(np.concatenate([by_class[first_of_class], spare])), *parts)


def _evenly(total, count):
    """A mask with `count` of `total` places set, evenly spaced, in exact integers."""
    if total == 0:
        return np.zeros(0, bool)
    steps = np.arange(total + 1, dtype=np.int64) * count // total
    return np.diff(steps) > 0
