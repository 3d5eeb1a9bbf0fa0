"""The lecture's checks before a long training."""

import functools
from typing import Any

import keras

from kerasrecipes._validation import check_choice, check_integer, check_number
from kerasrecipes.preflight import start_checks
from kerasrecipes.preflight.check import PASS, WARN, Check
from kerasrecipes.preflight.facts import Facts
from kerasrecipes.preflight.gradient_check import check_gradients
from kerasrecipes.preflight.heads import heads_of
from kerasrecipes.preflight.kept_state import kept_random_state
from kerasrecipes.preflight.label_checks import (
    check_augmentation,
    check_labels,
    check_leakage,
    pictures_of,
)
from kerasrecipes.preflight.overfit_check import check_overfit
from kerasrecipes.preflight.rate_check import check_learning_rate
from kerasrecipes.preflight.report import Preflight
from kerasrecipes.preflight.sample import draw_sample, is_arrays
from kerasrecipes.preflight.trial_model import TrialModel

NAMES = (
    "inputs", "outputs", "trainable", "normalization", "layers", "initial_loss", "regularization",
    "gradients", "overfit", "learning_rate", "labels", "augmentation", "leakage",
)  # fmt: skip
MOST_HASHED = 20_000
SMALL_BATCH = 32


def preflight(
    model: keras.Model,
    data: Any,
    validation_data: Any = None,
    unaugmented: Any = None,
    examples: int = 512,
    batch_size: int = 32,
    learning_rate: float | tuple[float, float] | None = None,
    class_names: Any = None,
    duplicates: Any = None,
    skip: Any = (),
    seed: int = 0,
) -> Preflight:
    """Check a compiled model and its data before a long training, within seconds.

    Everything is tried on a copy: the model, its optimizer and the random generators of Python,
    NumPy and the backend are as they were. What is checked, in this order:

    - `inputs`: at the first layer with weights they are of the order of 1.
    - `outputs`: probabilities where the loss wants them, logits where it wants those, softmax once.
    - `trainable`: not everything is frozen, nor the last layer.
    - `normalization`: new batch normalisation is not frozen.
    - `layers`: none is dead, saturated, or without a gradient (`ActivationStatistics`).
    - `initial_loss`: log C for C classes; else the loss of outputs that say nothing (the margins
      of a hinge, the mean square of the targets).
    - `regularization`: it raises the loss, and does not drown it.
    - `gradients`: equal to numeric ones, in a few weights.
    - `overfit`: 20 examples are learned to accuracy 1.0, without noise and regularisation.
    - `learning_rate`: in the range of `LearningRateFinder`; what lies outside is tried.
    - `labels`: simple classifiers find a relation to the inputs. `plot()` shows them.
    - `augmentation`: after it, the inputs still tell the labels.
    - `leakage`: no validation example is a training example.

    A check that does not apply is skipped with its reason. `"warn"` says that there may be a
    reason for what is found, `"fail"` that training would be in vain.

    Args:
        model: compiled and built `keras.Model`. Its class must have `get_config`.
        data: what `fit` gets: arrays `(x, y)` or `(x, y, sample_weight)`, a `tf.data.Dataset`, a
            `keras.utils.PyDataset` or a list of batches; not a generator, whose batches would be
            lost.
        validation_data: the same for validation, or `None` (default).
        unaugmented: training examples before augmentation, as `data`, or `None` (default). Their
            images may have another size. Without it, `validation_data` are compared with.
        examples: int >= 40, how many examples are read of each. Defaults to 512.
        batch_size: int >= 1, of arrays in the range test. Defaults to 32.
        learning_rate: float > 0, the highest rate, where a callback drives it, or after a warm-up
            the pair (first rate, highest rate). Defaults to the optimizer's rate, or those of its
            schedule.
        class_names: list of strings for the picture, or `None` (default).
        duplicates: `ImageData.duplicates`, where images come from `data.load`: all images are
            then compared. Defaults to `None`: arrays are, up to 20,000, and the examples read.
        skip: list of names of checks that are not run. Defaults to none of them.
        seed: int in [0, 2**32), of what is drawn here. Defaults to 0.

    Returns:
        `Preflight`: prints as a table; `passed` is `False` if a check failed.

    Raises:
        ValueError: for an argument outside its range, a model that is not compiled with a loss or
            cannot be copied, or data that cannot be sampled.
        TypeError: for an argument of the wrong type.

    Example:

    >>> import numpy as np, keras
    >>> from kerasrecipes.preflight import preflight
    >>> keras.utils.set_random_seed(0)
    >>> model = keras.Sequential([keras.Input((20,)), keras.layers.Dense(64, "relu"),
    ...                           keras.layers.Dense(3, "softmax")])
    >>> model.compile("adam", "sparse_categorical_crossentropy")
    >>> y = np.arange(300) % 3
    >>> x = np.random.default_rng(0).normal(size=(300, 20)) + y[:, None]
    >>> preflight(model, (x, y)).passed
    True
    >>> print(preflight(model, (x * 1000, y))["inputs"])
    FAIL  inputs: at dense... Normalise the inputs to mean 0 and standard deviation 1...

    Reference: Karpathy & Li, CS231n, "Babysitting the learning process" and "Gradient checks",
        https://cs231n.github.io/neural-networks-3/.
    """
    _check_arguments(model, examples, batch_size, learning_rate, skip, seed)
    with kept_random_state(seed):
        samples = [
            None if part is None else draw_sample(part, examples, batch_size, name, seed)
            for part, name in (
                (data, "data"), (validation_data, "validation_data"), (unaugmented, "unaugmented"),
            )
        ]  # fmt: skip
        facts = _facts(model, samples[0], seed)
        sides = _inputs(data, samples[0]), _inputs(validation_data, samples[1])
        done = {}
        for name, call in _calls(facts, samples, sides, learning_rate, duplicates, done).items():
            if name not in skip:
                done[name] = call()
        pictures = pictures_of(facts, samples[0], class_names)
    _settle(done)
    return Preflight(tuple(done[name] for name in NAMES if name in done), pictures)


def _calls(facts, samples, sides, learning_rate, duplicates, done):
    """Return {name: check}, in the order of running: those that train come last.

    `done` is where the results are put, for checks that need those of others.
    """
    seen, validation, plain = samples
    calls = {
        name: functools.partial(getattr(start_checks, f"check_{name}"), facts)
        for name in NAMES[: NAMES.index("gradients")]
    }
    calls["labels"] = lambda: check_labels(facts, plain or seen, validation)
    calls["augmentation"] = lambda: check_augmentation(
        facts, plain, seen, validation, done.get("labels")
    )
    calls["leakage"] = lambda: check_leakage(*sides, duplicates)
    calls["learning_rate"] = lambda: check_learning_rate(facts, learning_rate)
    # From here on the copy is without noise and regularisers.
    calls["gradients"] = lambda: check_gradients(_without_noise(facts))
    calls["overfit"] = lambda: check_overfit(_without_noise(facts))
    return calls


def _without_noise(facts):
    """Restore the copy, and switch off its noise and regularisers."""
    facts.trial.restore()
    facts.trial.remove_noise()
    facts.trial.compile(keras.optimizers.SGD(0.0))
    return facts


def _settle(done):
    """Take back the warning of small signals where the examples are learned nevertheless."""
    layers, overfit = done.get("layers"), done.get("overfit")
    if layers and overfit and layers.status == WARN and overfit.status == PASS:
        finding = f"{layers.finding}; the examples are learned nevertheless"
        done["layers"] = Check("layers", PASS, finding)


def _facts(model, sample, seed):
    batch = sample.take(SMALL_BATCH)
    trial = TrialModel(model, batch.x)
    heads = heads_of(model, batch.y, trial.forward(batch.x))
    if not heads:
        raise ValueError(
            f"Argument `model` must be compiled with a loss. Received: loss={model.loss!r}"
        )
    return Facts(trial, sample, batch, heads, seed)


def _inputs(data, sample):
    """Return the inputs of all examples where they are arrays, else of those that were read."""
    if sample is None:
        return None
    if is_arrays(data):
        return keras.tree.map_structure(lambda array: array[:MOST_HASHED], data[0])
    return sample.x


def _check_arguments(model, examples, batch_size, learning_rate, skip, seed):
    if not isinstance(model, keras.Model):
        raise TypeError(f"Argument `model` must be a keras.Model. Received: model={model!r}")
    if not model.compiled or getattr(model, "loss", None) is None:
        raise ValueError(
            f"Argument `model` must be compiled with a loss. Received: {model.name} without one"
        )
    if not model.built:
        raise ValueError(
            "Argument `model` must be built: give it a keras.Input or call it once. "
            f"Received: {model.name}, not built"
        )
    check_integer("examples", examples, "[40, inf)")
    check_integer("batch_size", batch_size, "[1, inf)")
    check_integer("seed", seed, f"[0, {2**32})")
    if learning_rate is not None:
        _check_rate(learning_rate)
    for name in skip:
        check_choice("skip", name, NAMES)


def _check_rate(learning_rate):
    if not isinstance(learning_rate, tuple):
        check_number("learning_rate", learning_rate, "(0, inf)")
        return
    if len(learning_rate) != 2:
        raise ValueError(
            "Argument `learning_rate` must be a number or a pair (first, highest). "
            f"Received: learning_rate={learning_rate!r}"
        )
    for rate in learning_rate:
        check_number("learning_rate", rate, "[0, inf)")
    if learning_rate[0] > learning_rate[1]:
        raise ValueError(
            "Argument `learning_rate` must be a pair (first, highest) in this order. "
            f"Received: learning_rate={learning_rate!r}"
        )
