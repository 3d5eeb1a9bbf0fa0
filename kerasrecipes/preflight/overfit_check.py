"""A few examples are learned by heart: the quickest proof that model, loss and data work."""

import math
from typing import NamedTuple

import keras
import numpy as np

from kerasrecipes.preflight.check import FAIL, PASS, SKIP, Check
from kerasrecipes.preflight.facts import outputs_of, structured, target_of

EXAMPLES = 20
RATES = (2e-3, 2e-2, 1e-4)  # of Adam, one after the other until one does it
LOOKS = (10, 20, 40, 70, 110, 160)  # steps
ADVICE = (
    "Something between data and loss is broken, or the model is too small: look at the checks "
    "above, at the picture, and at each layer."
)


class Look(NamedTuple):
    """How far the learning has come; the largest is the best."""

    learned: bool
    accuracy: float
    gain: float  # minus the loss
    probability: float


def check_overfit(facts):
    """Twenty examples are learned to accuracy 1.0, without noise and regularisation.

    Dropout, augmentation inside the model and regularisers are off, and the optimizer is Adam, so
    that the check does not depend on the learning rate. Normalisation uses the batch.
    """
    batch = _balanced(facts)
    outputs = sum(head.output[0].size for head in facts.heads)
    count = sum(math.prod(v.shape) for v in facts.trial.model.trainable_variables)
    if not count:
        return Check("overfit", SKIP, "no weight is trained")
    if count < len(batch) * outputs:
        return Check("overfit", SKIP, f"{count:,} weights are too few for {len(batch)} examples")
    looks = []
    for rate in RATES:
        looks.append(_train(facts, batch, rate))
        if looks[-1].learned:
            break
    best = max(looks)
    words = "" if math.isnan(best.accuracy) else f"accuracy {best.accuracy:.2f}, "
    finding = f"{len(batch)} examples: {words}loss {-best.gain:.3g}"
    if best.learned:
        return Check("overfit", PASS, finding)
    if best.accuracy == 1 and best.probability < (_bound(facts) or 0):
        return Check(
            "overfit", FAIL, f"{finding}, but no probability exceeds {best.probability:.3f}",
            "Softmax is applied twice, in the model or by the loss: remove one.",
        )  # fmt: skip
    return Check("overfit", FAIL, finding, ADVICE)


def _balanced(facts):
    """Return examples of every class in turn."""
    sample = facts.sample
    head = facts.heads[0]
    if head.kind != "classes":
        return sample.take(EXAMPLES)
    labels = _all_labels(facts)
    turn = np.zeros(len(labels), int)
    for label in np.unique(labels):
        turn[labels == label] = np.arange((labels == label).sum())
    return sample.take(np.sort(np.argsort(turn, kind="stable")[:EXAMPLES]))


def _all_labels(facts):
    head = facts.heads[0]
    target = target_of(facts, head, facts.sample.y)
    return head._replace(target=target).labels()


def _train(facts, batch, rate):
    """Return the best `Look` of a training at one rate."""
    trial = facts.trial
    trial.restore()
    trial.compile(keras.optimizers.Adam(rate))
    results, step = [], 0
    for look in LOOKS:
        while step < look:
            trial.model.train_on_batch(batch.x, batch.y)
            step += 1
        results.append(_look(facts, batch))
        if results[-1][0]:
            break
    return max(results)


def _look(facts, batch):
    trial = facts.trial
    outputs = trial.forward(batch.x, training=True)
    loss, _ = trial.loss(batch.x, batch.y, outputs)
    if not math.isfinite(loss):
        return Look(False, 0.0, -math.inf, 0.0)
    heads = [
        head._replace(target=target_of(facts, head, batch.y), output=output)
        for head, output in zip(facts.heads, outputs_of(facts, outputs))
    ]
    accuracies = [a for a in map(_accuracy, heads) if a is not None]
    accuracy = min(accuracies, default=math.nan)
    probability = float(heads[0].output.max())
    learned = all(a == 1 for a in accuracies)
    if len(accuracies) < len(heads):
        learned = learned and loss <= 0.1 * _constant_loss(facts, batch)
    learned = learned and probability >= (_bound(facts) or -math.inf)
    return Look(learned, accuracy, -loss, probability)


def _accuracy(head):
    if head.kind == "classes":
        return float((head.output.argmax(axis=-1) == head.labels()).mean())
    if head.kind == "binary":
        threshold = 0.5 if head.takes == "probabilities" else 0.0
        target = head.target.reshape(head.output.shape)
        return float(((head.output > threshold) == (target > 0.5)).mean())
    return None


def _constant_loss(facts, batch):
    """Return the loss of the mean target for every example; of classes, of equal outputs."""
    values = []
    for head in facts.heads:
        value = np.zeros((len(batch), *head.output.shape[1:]), "float32")
        target = target_of(facts, head, batch.y)
        if head.takes == "numbers" and target.size == value.size:
            value += target.reshape(value.shape).mean(axis=0).astype("float32")
        elif head.takes == "probabilities":
            value += 0.5 if head.kind == "binary" else 1 / value.shape[-1]
        values.append(value)
    return facts.trial.loss(batch.x, batch.y, structured(facts, batch.x, values))[0]


def _bound(facts):
    """Return what softmax of probabilities cannot exceed, e / (e + C - 1), for one softmax head."""
    if len(facts.heads) != 1 or facts.heads[0].kind != "classes":
        return None
    if facts.heads[0].takes != "probabilities":
        return None
    return 1.001 * math.e / (math.e + facts.heads[0].output.shape[-1] - 1)
