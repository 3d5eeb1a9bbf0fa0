"""Planted faults are found and named, healthy pairs raise no alarm, and nothing is changed."""

import json
import random

import keras
import numpy as np
import pytest

from kerasrecipes.preflight import preflight
from tests.preflight import faults, pairs

QUICK_FAULTS = (
    faults.shuffled_labels, faults.softmax_twice, faults.logits_for_probabilities,
    faults.pixels_unnormalized, faults.everything_frozen, faults.rate_1000_times_too_high,
    faults.rate_1000_times_too_low, faults.dead_relus, faults.normalization_frozen,
    faults.augmentation_destroys_the_label, faults.validation_leaks,
)  # fmt: skip

LONG_PAIRS = (pairs.deep_residual, pairs.attention, pairs.stochastic_depth)
PAIRS = [
    pytest.param(pair, marks=pytest.mark.soak) if pair in LONG_PAIRS else pair
    for pair in pairs.PAIRS
]


def name_of(function):
    return getattr(function, "__name__", None)


@pytest.mark.parametrize("pair", PAIRS, ids=name_of)
@pytest.mark.slow
def test_a_healthy_pair_raises_no_alarm(pair):
    keras.utils.set_random_seed(0)
    model, options = pair()
    report = preflight(model, **options)
    assert report.passed and not report.warnings, str(report)


@pytest.mark.parametrize("fault", faults.FAULTS, ids=name_of)
@pytest.mark.slow
def test_a_fault_is_found_and_named(fault):
    keras.utils.set_random_seed(0)
    model, options = fault()
    # The quick ones of the others' checks: the fault's own check is run in any case.
    trains = {"gradients", "overfit", "learning_rate"} - {faults.FAULTS[fault]}
    report = preflight(model, **options, skip=trains if fault in QUICK_FAULTS else ())
    found = report[faults.FAULTS[fault]]
    assert found.status in ("warn", "fail") and found.advice, str(report)
    assert found in (*report.warnings, *report.failures)


@pytest.mark.slow
@pytest.mark.parametrize("fault", QUICK_FAULTS, ids=name_of)
def test_nothing_that_a_fault_does_not_concern_is_blamed(fault):
    """Beside the right check, only those that see its consequences."""
    keras.utils.set_random_seed(0)
    model, options = fault()
    report = preflight(model, **options)
    blamed = {check.name for check in (*report.warnings, *report.failures)}
    consequences = {
        faults.pixels_unnormalized: {"gradients", "initial_loss", "learning_rate", "layers"},
        faults.logits_for_probabilities: {"initial_loss", "overfit", "learning_rate", "gradients"},
        faults.softmax_twice: {"overfit", "learning_rate"},
        faults.dead_relus: {"overfit", "learning_rate"},
        faults.normalization_frozen: set(),
        faults.everything_frozen: {"normalization", "layers"},
    }
    assert blamed <= {faults.FAULTS[fault]} | consequences.get(fault, set()), str(report)


def state_of(model):
    variables = [*model.variables, *model.optimizer.variables, *model.metrics_variables]
    return [np.array(keras.ops.convert_to_numpy(v)) for v in variables]


@pytest.mark.parametrize("pair", [pairs.much_dropout, pairs.batch_normalization_and_sgd])
@pytest.mark.slow
def test_model_optimizer_and_random_state_are_unchanged(pair):
    keras.utils.set_random_seed(7)
    model, options = pair()
    x, y = options["data"]
    model.fit(x[:64], y[:64], 32, verbose=0)
    before, optimizer, step = state_of(model), model.optimizer, model.train_function
    drawn = (random.getstate(), np.random.get_state()[1].copy())  # noqa: NPY002
    copies = [a.copy() for a in (x, y)]
    preflight(model, **options)
    for one, other in zip(before, state_of(model), strict=True):
        np.testing.assert_array_equal(one, other)
    assert model.optimizer is optimizer and model.train_function is step
    assert random.getstate() == drawn[0]
    np.testing.assert_array_equal(np.random.get_state()[1], drawn[1])  # noqa: NPY002
    for array, copy in zip((x, y), copies):
        np.testing.assert_array_equal(array, copy)


@pytest.mark.slow
def test_a_training_after_it_is_bit_for_bit_that_without_it():
    weights = []
    for checked in (False, True):
        keras.utils.set_random_seed(5)
        model, options = pairs.much_dropout()
        if checked:
            preflight(model, **options)
        model.fit(*options["data"], 64, epochs=2, verbose=0)
        weights.append(model.get_weights())
    for one, other in zip(*weights):
        np.testing.assert_array_equal(one, other)


@pytest.mark.slow
def test_the_report_prints_as_a_table_and_draws_labels(tmp_path):
    keras.utils.set_random_seed(0)
    model, options = pairs.plain_convolutions()
    skip = ("overfit", "learning_rate", "gradients")
    names = [f"cloth {i}" for i in range(10)]
    report = preflight(model, **options, skip=skip, class_names=names)
    lines = str(report).splitlines()
    assert lines[-1].endswith("0 failed, 2 skipped") and "overfit" not in str(report)
    assert all(len(line) <= 100 for line in lines)
    figure = report.plot()
    assert figure.axes[0].get_title() in names and len(figure.axes) == 24
    figure.savefig(tmp_path / "labels.png")
    assert json.loads(json.dumps(report.to_dict()))["passed"] is report.passed is True
    with pytest.raises(KeyError, match="must be one of inputs"):
        report["overfit"]


@pytest.mark.slow
def test_the_initial_loss_of_each_kind_of_loss():
    expected = {
        pairs.relu_mlp: np.log(3), pairs.binary: np.log(2), pairs.multiclass_hinge: 2.0,
        pairs.categorical_hinge: 1.0, pairs.several_labels: np.log(2),
    }  # fmt: skip
    for pair, value in expected.items():
        report = only(pair, "initial_loss")
        assert f"{value:.4g}" in report["initial_loss"].finding, report
    model, options = pairs.regression()
    sample = options["data"][1]
    report = only(pairs.regression, "initial_loss")
    assert float(report["initial_loss"].finding.split(", ")[1].split()[0]) == pytest.approx(
        (sample**2).mean(), rel=0.5
    )


def only(pair, name):
    from kerasrecipes.preflight.preflight import NAMES

    keras.utils.set_random_seed(0)
    model, options = pair()
    return preflight(model, **options, skip=[other for other in NAMES if other != name])


def test_a_picture_needs_images():
    report = only(pairs.relu_mlp, "inputs")
    with pytest.raises(ValueError, match="images"):
        report.plot()


def uncompiled():
    return pairs.mlp(keras.layers.Dense(4)), pairs.relu_mlp()[1]["data"]


def without_config():
    class Own(keras.Model):
        def __init__(self, units):
            super().__init__()
            self.dense = keras.layers.Dense(units)

        def call(self, x):
            return self.dense(x)

    model = Own(3)
    model(np.zeros((2, 20)))
    model.compile("sgd", "mse")
    return model, (pairs.rows()[0][0], np.zeros((400, 3)))


MODEL = pairs.relu_mlp()[0]
X, Y = pairs.relu_mlp()[1]["data"]


@pytest.mark.parametrize(
    "arguments, error, words",
    [
        ((MODEL, X), ValueError, "must have targets"),
        ((MODEL, "folder"), TypeError, "batches"),
        ((MODEL, (X, Y[:-1])), ValueError, "one length"),
        ((MODEL, (X[:1], Y[:1])), ValueError, "2 different examples"),
        ((MODEL, []), ValueError, "at least one batch"),
        ((MODEL, iter([(X, Y)])), ValueError, "read again"),
        ((MODEL, (X, Y), None, None, 10), ValueError, "examples"),
        ((MODEL, (X, Y), None, None, 64, 0), ValueError, "batch_size"),
        ((keras.layers.Dense(3), (X, Y)), TypeError, "keras.Model"),
        (uncompiled, ValueError, "compiled with a loss"),
        (without_config, ValueError, "get_config"),
    ],
)
def test_what_is_refused(arguments, error, words):
    arguments = arguments() if callable(arguments) else arguments
    with pytest.raises(error, match=words):
        preflight(*arguments)


def test_unknown_checks_and_rates_are_refused():
    with pytest.raises(ValueError, match="skip"):
        preflight(MODEL, (X, Y), skip=["nothing"])
    with pytest.raises(ValueError, match="learning_rate"):
        preflight(MODEL, (X, Y), learning_rate=0.0)
    for pair in ((0.1, 0.01), (0.1,), (0.0, -1.0)):
        with pytest.raises(ValueError, match="learning_rate"):
            preflight(MODEL, (X, Y), learning_rate=pair)


@pytest.mark.slow
def test_a_high_rate_after_a_warm_up_raises_no_alarm():
    keras.utils.set_random_seed(0)
    model, options = faults.rate_1000_times_too_high()
    skip = ("overfit", "gradients")
    rate = float(model.optimizer.learning_rate)
    for pair, passes in (((rate / 10, rate), True), ((rate, rate), False)):
        report = preflight(model, **{**options, "learning_rate": pair, "skip": skip})
        assert (report["learning_rate"].status == "pass") == passes, str(report)
