"""The learning rate lies in the range that the finder finds."""

import math

import keras
import numpy as np

from kerasrecipes._backend.keras_internals import has_rate, rate_or_schedule
from kerasrecipes._backend.updating_optimizers import updating_optimizers
from kerasrecipes.callbacks import LearningRateFinder
from kerasrecipes.preflight.check import FAIL, PASS, SKIP, WARN, Check
from kerasrecipes.preflight.start_checks import neutral_loss
from kerasrecipes.preflight.trial_model import to_numpy

UPDATES, TRIAL_UPDATES = 100, 30
HIGH_FALL, LOW_FALL = 1 / 3, 1 / 10  # of the fall at the steepest rate: less is an alarm
LARGEST_BATCH = 128
TOO_LOW = 1 / 300  # of the rate at which the loss falls most steeply
LEARNED = 0.85  # of the loss of outputs that say nothing
TOO_HIGH = 2  # times the rate at which the loss was lowest


def check_learning_rate(facts, rate=None):
    """The rate lies between 1/300 of the steepest and twice the best rate of a range test.

    What lies outside is tried: it is an alarm only if the loss then grows, or falls far less than
    at the steepest rate.
    """
    trial = facts.trial
    if not trial.model.trainable_variables:
        return Check("learning_rate", SKIP, "no weight is trained")
    if rate is None:
        optimizers = updating_optimizers(trial.original.optimizer)
        rates = [rate_range(one) for one in optimizers if has_rate(one)]
        if not rates:
            return Check("learning_rate", SKIP, "the optimizer has no learning rate")
        first, peak = max(r[0] for r in rates), max(r[1] for r in rates)
    else:
        first, peak = rate if isinstance(rate, tuple) else (rate, rate)
    if peak <= 0:
        return Check("learning_rate", FAIL, f"the rate is {peak:g}", "Give it a rate above 0.")
    try:
        finder = _range_test(facts, peak)
        steepest = finder.suggestion
    except ValueError as error:
        if "optimizer" in str(error):
            return Check("learning_rate", SKIP, str(error))
        advice = "Look at the other checks: no rate lets the loss fall."
        return Check("learning_rate", WARN, f"{_words(first, peak)}; no range was found", advice)
    best = finder.rates[int(np.nanargmin(finder.smoothed))]
    finding = f"{_words(first, peak)}; the loss falls most steeply at {steepest:.2g}"
    warms_up = first < peak / 2
    if peak > TOO_HIGH * best and not warms_up:
        return _by_trial(facts, peak, finding, steepest)
    if peak > 20 * finder.rates[-1]:
        return Check("learning_rate", FAIL, f"{finding}, and diverges before", too_high(steepest))
    if peak < TOO_LOW * steepest:
        return _by_trial(facts, peak, finding, steepest)
    return Check("learning_rate", PASS, finding)


def rate_range(optimizer):
    """Return (first rate, highest rate) of an optimizer, over the updates to come."""
    rate = rate_or_schedule(optimizer)
    if not isinstance(rate, keras.optimizers.schedules.LearningRateSchedule):
        value = float(to_numpy(keras.ops.convert_to_tensor(optimizer.learning_rate)))
        return value, value
    steps = np.unique(np.geomspace(1, 1e6, 60).astype(int)) - 1
    rates = [float(to_numpy(rate(keras.ops.convert_to_tensor(int(s), "int32")))) for s in steps]
    return rates[0], max(rates)


def too_high(steepest):
    return f"Lower the learning rate, to {steepest:.1g} or so."


def _words(first, peak):
    return f"rate {peak:.3g}" if first == peak else f"rates {first:.3g} to {peak:.3g}"


def _range_test(facts, rate):
    trial, batch_size = facts.trial, min(facts.sample.batch_size, LARGEST_BATCH)
    trial.restore()
    trial.compile(trial.optimizer_at(rate))
    sample = facts.sample
    steps = -(-len(sample) // batch_size)
    low, high = min(1e-7, rate / 10), max(10.0, 10 * rate)
    finder = LearningRateFinder(low, high, steps=UPDATES, divergence=3.0)
    epochs = -(-UPDATES // steps)
    trial.model.fit(
        sample.x, sample.y, batch_size, epochs=epochs, callbacks=[finder], shuffle=False, verbose=0
    )
    return finder


def _by_trial(facts, rate, finding, steepest):
    """Train for a few updates at the rate, and at the steepest one, and judge by both losses."""
    start, end = _trial(facts, rate)
    finding = f"{finding}; in {TRIAL_UPDATES} updates the loss goes from {start:.4g} to {end:.4g}"
    if not math.isfinite(end) or end > 1.2 * start + 0.1:
        return Check("learning_rate", FAIL, finding, too_high(steepest))
    other = _trial(facts, steepest)[1]
    finding = f"{finding}, with {steepest:.2g} to {other:.4g}"
    fraction = (start - end) / max(start - other, 1e-12)
    if rate > steepest and fraction < HIGH_FALL:
        return Check("learning_rate", FAIL, finding, too_high(steepest))
    if rate < steepest and fraction < LOW_FALL:
        if _has_learned(facts):
            return Check(
                "learning_rate", PASS, f"{finding}: low, as suits a model that knows something"
            )
        advice = f"Raise the learning rate, up to {steepest:.1g} or so."
        return Check("learning_rate", FAIL, finding, advice)
    return Check("learning_rate", PASS, finding)


def _has_learned(facts):
    """Return whether the model is better than outputs that say nothing: it was trained before."""
    if any(head.kind == "other" or head.takes == "numbers" for head in facts.heads):
        return False
    facts.trial.restore()
    return facts.trial.loss(facts.batch.x, facts.batch.y)[0] < LEARNED * neutral_loss(facts)


def _trial(facts, rate):
    """Return the loss on a batch before and after some updates at a constant rate."""
    trial, batch_size = facts.trial, min(facts.sample.batch_size, LARGEST_BATCH)
    trial.restore()
    trial.compile(trial.optimizer_at(rate))
    batch = facts.sample.take(batch_size)
    losses = []
    for count in (0, TRIAL_UPDATES):
        for _ in range(count):
            trial.model.train_on_batch(batch.x, batch.y)
        losses.append(trial.loss(batch.x, batch.y, training=True)[0])
    return losses
