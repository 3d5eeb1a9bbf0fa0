"""Labels belong to their inputs, before and after augmentation; no example is on both sides."""

import keras
import numpy as np

from kerasrecipes.preflight.check import FAIL, PASS, SKIP, WARN, Check
from kerasrecipes.preflight.facts import first_call, target_of
from kerasrecipes.preflight.predictability import features_of, predictability
from kerasrecipes.preflight.sample import Sample, example_hashes

FEWEST, FEWEST_OF_CLASS = 60, 5
CHUNK = 64
PICTURES = 24
PICTURE = (
    "Look at the picture of inputs and labels: were they shuffled apart, or does augmentation "
    "destroy the label?"
)


def check_labels(facts, plain, validation):
    """Simple classifiers find a relation between inputs and labels.

    Args:
        facts: `Facts`.
        plain: `Sample` of training examples before augmentation, or of what there is.
        validation: `Sample` of validation examples, or `None`.
    """
    found = _predictability(facts, plain)
    if found is None:
        return Check("labels", SKIP, "too few examples for a guess from simple features")
    finding = f"simple classifiers of {len(plain)} examples: {_words(found)}"
    if found.is_seen:
        return Check("labels", PASS, finding)
    other = None if validation is None else _predictability(facts, validation)
    if other is not None and other.is_sure:
        return Check("labels", FAIL, f"{finding}; of validation examples {_words(other)}", PICTURE)
    return Check("labels", WARN, f"{finding}: no relation is seen", PICTURE)


def check_augmentation(facts, plain, seen, validation, labels):
    """What augmentation leaves still tells the label.

    Args:
        facts: `Facts`.
        plain: `Sample` before augmentation, or `None` where that is not known.
        seen: `Sample` as `fit` gets it.
        validation: `Sample`, or `None`.
        labels: `Check` of the labels; `None` if it was not run.
    """
    if labels is not None and labels.advice:
        return Check("augmentation", SKIP, "labels and inputs are not related in any case")
    inside = _augmented_inside(facts, seen)
    reference = plain or validation
    if reference is None and inside is None:
        return Check("augmentation", SKIP, "no examples without augmentation: give `unaugmented`")
    before = _predictability(facts, reference or seen)
    after = _predictability(facts, inside or seen)
    if before is None or after is None:
        return Check("augmentation", SKIP, "too few examples for a guess from simple features")
    finding = f"simple classifiers: {_words(before)} before it, {_words(after)} after it"
    if after.is_seen or not before.is_seen:
        return Check("augmentation", PASS, finding)
    status = FAIL if before.is_sure else WARN
    return Check(
        "augmentation", status, finding,
        "Look at the picture: take out what changes the label (flips of letters, large rotations, "
        "small crops), or weaken it.",
    )  # fmt: skip


def check_leakage(seen, validation, duplicates):
    """No validation example is a training example.

    Args:
        seen, validation: inputs of training and validation, as many as are at hand, or `None`.
        duplicates: tuple of `data.Duplicate`, known already, or `None`.
    """
    if duplicates is not None:
        return _known_leakage(duplicates)
    if validation is None:
        return Check("leakage", SKIP, "no validation data")
    ours, theirs = example_hashes(seen), example_hashes(validation)
    repeated = 1 - len(np.unique(ours)) / len(ours)
    if repeated > 0.2:
        return Check("leakage", SKIP, f"{repeated:.0%} of the training inputs are not unique")
    shared = int(np.isin(theirs, ours).sum())
    finding = (
        f"{shared:,} of {len(theirs):,} validation examples are among {len(ours):,} of training"
    )
    if not shared:
        return Check("leakage", PASS, finding)
    return Check("leakage", FAIL if shared >= 0.01 * len(theirs) else WARN, finding, APART)


APART = (
    "Take them out of the training set: figures on them are too good. Split before anything is "
    "repeated or augmented."
)


def _known_leakage(duplicates):
    across = [one for one in duplicates if one.set != one.twin_set]
    if not across:
        return Check("leakage", PASS, "no image is in two sets")
    first = across[0]
    finding = f"{len(across):,} images are in two sets, such as {first.image} = {first.twin}"
    return Check("leakage", FAIL if len(across) >= 10 else WARN, finding, APART)


def pictures_of(facts, sample, class_names):
    """Return pairs (image, label) to be drawn, () where the inputs are no images."""
    parts = keras.tree.flatten(sample.x)
    if len(parts) != 1 or parts[0].ndim != 4 or parts[0].shape[-1] not in (1, 3):
        return ()
    head = facts.heads[0]
    sample = sample.take(PICTURES)
    target = target_of(facts, head, sample.y)
    if head.kind == "classes":
        names = head._replace(target=target).labels()
        names = [class_names[i] if class_names is not None else str(i) for i in names]
    else:
        names = [", ".join(f"{v:.3g}" for v in np.ravel(row)[:4]) for row in target]
    return tuple(zip(keras.tree.flatten(sample.x)[0], names))


def _predictability(facts, sample):
    parts = keras.tree.flatten(sample.x)
    if len(sample) < FEWEST or len(parts) != 1 or parts[0].dtype.kind not in "fuib":
        return None
    head, targets = facts.heads[0], target_of(facts, facts.heads[0], sample.y)
    is_classes = head.kind == "classes"
    features = features_of(parts[0])
    if is_classes:
        targets = head._replace(target=targets).labels()
        counts = np.bincount(targets - targets.min())
        kept = np.isin(targets, np.flatnonzero(counts >= FEWEST_OF_CLASS) + targets.min())
        features, targets = features[kept], targets[kept]
        if len(np.unique(targets)) < 2 or len(targets) < FEWEST:
            return None
    if not np.isfinite(features).all() or targets.dtype.kind not in "fuib":
        return None
    return predictability(features, targets, is_classes, facts.seed)


def _augmented_inside(facts, sample):
    """Return the sample as layers of augmentation in the model leave it, `None` without such."""
    calls = [first_call(facts.trial, facts.batch.x, training) for training in (True, False)]
    if None in calls or any(call.input is None for call in calls):
        return None
    if np.array_equal(calls[0].input, calls[1].input):
        return None
    seen = [
        first_call(facts.trial, sample.take(np.arange(i, min(i + CHUNK, len(sample)))).x, True)
        for i in range(0, len(sample), CHUNK)
    ]
    return Sample(np.concatenate([call.input for call in seen]), sample.y, sample.batch_size)


def _words(found):
    if found.chance == 0:
        return f"correlation {found.accuracy:.2f}"
    return f"accuracy {found.accuracy:.2f} (chance {found.chance:.2f})"
