"""The claims of `claims.py` about rates, averages, ensembles and early stopping."""

import dataclasses
import functools

import keras
from claims_runs import (
    Claim,
    Clock,
    convolutional,
    dense,
    fit,
    predicted,
    relu_units,
    result,
    trained,
)

from kerasrecipes import callbacks, inference, schedules

MEMBERS = 3


def sgdr(images):
    """Three convolutions, 7 epochs: warm restarts after 1 and 3 epochs, steps by a fifth."""
    rates = {
        "steps": lambda steps: schedules.StepDecay(
            0.1, [int(fraction * steps) for fraction in (0.3, 0.6, 0.8)], factor=0.2
        ),
        "warm restarts": lambda steps: schedules.WarmRestarts(0.1, steps // 7, 2.0),
        "one cosine": 0.1,
    }
    return {name: trained(convolutional(images), images, 7, rate) for name, rate in rates.items()}


def snapshots(images):
    """Three convolutions, 12 epochs: three cycles of 4, or one cosine."""
    found = {"one cosine": trained(convolutional(images), images, 12, 0.1)}
    model = convolutional(images)
    collected = callbacks.SnapshotEnsemble(every_epochs=12 // MEMBERS)
    cycles = functools.partial(_cycles, cycles=MEMBERS)
    training = fit(model, images, 12, cycles, callbacks=[collected]).read()
    for name, one in (("last snapshot", model), ("ensemble", collected.model())):
        clock = Clock(training)
        found[name] = result(predicted(one, images), images, clock)
    return found


def _cycles(steps, cycles):
    return schedules.SnapshotCosine(0.1, steps, cycles)


def ensemble(images):
    """Three convolutions: one network for 12 epochs, or three from other weights for 4 each."""
    found = {"one network": trained(convolutional(images), images, 12, 0.1)}
    clock, members = Clock(), []
    for number in range(MEMBERS):
        seed = images.seed + 1000 * number
        members.append(convolutional(images, seed=seed))
        fit(members[-1], dataclasses.replace(images, seed=seed), 4, 0.1)
        if number == 0:
            found["one member"] = result(predicted(members[0], images), images, clock)
    found["ensemble"] = result(predicted(inference.Ensemble(members), images), images, clock)
    return found


def averaging(images, rate):
    """Three convolutions, the last weights or an exponential average (0.99)."""
    model, average = convolutional(images), callbacks.PolyakAveraging(0.99)
    training = fit(model, images, 8, rate, callbacks=[average]).read()
    averaged = model.get_weights()
    found = {}
    for name, weights in (("last", average.raw_weights()), ("averaged", averaged)):
        model.set_weights(weights)
        clock = Clock(training)
        found[name] = result(predicted(model, images), images, clock)
    return found


def _averaging(words, rate):
    measure = functools.partial(averaging, rate=rate)
    measure.__doc__ = (
        f"Three convolutions, 8 epochs, {words}: the last weights, or their average (0.99)."
    )
    return measure


def early_stopping(images):
    """Two hidden layers of 200 units, 60 epochs of Adam; 500 of the images are for validation."""
    held = (images.x[:500], images.y[:500])
    used = dataclasses.replace(images, x=images.x[500:], y=images.y[500:])
    arms = {
        "last epoch": [],
        "best snapshot": [callbacks.BestSnapshot("val_loss")],
        "patience 5": [callbacks.BestSnapshot("val_loss", patience=5)],
    }
    return {
        name: trained(
            dense(used, relu_units(used, 200)), used, 60, None,
            optimizer=keras.optimizers.Adam(1e-3), validation_data=held, callbacks=stop,
        )
        for name, stop in arms.items()
    }  # fmt: skip


AVERAGES = (
    "CIFAR-100, WRN-28-10, equal weights: 80.8 to 81.5 in as many epochs, 82.2 in 1.5 times "
    "as many (Izmailov et al., 2018)"
)
CLAIMS = (
    Claim("sgdr", sgdr,
          "CIFAR-10, WRN-28-10, rate 0.05: test error 4.13 to 4.03 (Loshchilov & Hutter, 2016)",
          pairs=(("steps", "warm restarts"), ("one cosine", "warm restarts"))),
    Claim("snapshots", snapshots,
          "CIFAR-10, ResNet-110: test error 5.52 to 5.32 (Huang et al., 2017; not checked)",
          pairs=(("last snapshot", "ensemble"), ("one cosine", "ensemble"))),
    Claim("ensemble", ensemble, "the lecture: 2 points more by several networks",
          pairs=(("one member", "ensemble"), ("one network", "ensemble"))),
    Claim("averaging_constant_rate", _averaging("a constant rate of 0.1", lambda steps: 0.1),
          AVERAGES),
    Claim("averaging_cosine", _averaging("a rate that falls to 0", 0.1), AVERAGES),
    Claim("early_stopping", early_stopping, "none: the lecture says always", count=1500),
)  # fmt: skip
