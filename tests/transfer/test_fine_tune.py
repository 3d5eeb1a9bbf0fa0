import keras
import numpy as np
import pytest

from kerasrecipes import models
from kerasrecipes._backend.updating_optimizers import updating_optimizers
from kerasrecipes.callbacks import SGDR, BestSnapshot, Resume
from kerasrecipes.optimizers import LayerwiseLearningRates, _slots
from kerasrecipes.transfer import Phase, Plan, classifier, fine_tune
from tests.transfer.small_backbone import (
    BATCH,
    CLASSES,
    VALIDATION,
    X,
    Y,
    assert_close,
    backbone,
    contents,
    small_classifier,
    values,
)

THREE = [Phase("head", 2, 0.05), Phase(1, 2, 0.02), Phase("all", 2, 0.01)]


def tune(model, phases, data=(X, Y), **options):
    options = {"batch_size": BATCH, "verbose": 0, "jit_compile": False, **options}
    return fine_tune(model, data, phases, **options)


class Look(keras.callbacks.Callback):
    """Note what the model holds at the beginning and after each epoch."""

    def __init__(self):
        super().__init__()
        self.seen, self.begins = [], []

    def on_train_begin(self, logs=None):
        optimizer = updating_optimizers(self.model.optimizer)[0]
        slots = {
            (attribute, variable.path): keras.ops.convert_to_numpy(slot).tobytes()
            for variable in self.model.trainable_variables
            for (attribute, owner), slot in _slots.slots(optimizer).items()
            if owner == id(variable)
        }
        self.begins.append(slots)

    def on_epoch_end(self, epoch, logs=None):
        self.seen.append(contents(self.model.weights))


def trained_paths(before, after):
    return {path.split("/")[0] for path in before if before[path] != after[path]}


@pytest.mark.traced
def test_frozen_weights_and_statistics_keep_their_bytes():
    model = small_classifier()
    before = contents(model.weights)
    tune(model, THREE[:1])
    assert trained_paths(before, contents(model.weights)) == {"classifier"}
    look, middle = Look(), contents(model.weights)
    tune(model, THREE[1:2], callbacks=[look])
    assert trained_paths(middle, look.seen[-1]) == {"conv3", "classifier"}
    look, middle = Look(), contents(model.weights)
    tune(model, THREE[2:], callbacks=[look])
    assert trained_paths(middle, look.seen[-1]) == {"conv1", "conv2", "conv3", "classifier"}
    for path in before:
        if path.startswith("norm"):
            assert all(weights[path] == before[path] for weights in look.seen)


@pytest.mark.traced
def test_statistics_of_a_residual_network_keep_their_bytes():
    keras.utils.set_random_seed(0)
    model = classifier(models.resnet(8, (8, 8, 2), 10, include_top=False), CLASSES)
    before = contents(model.weights)
    tune(model, [Phase("head", 1, 0.1), Phase(1, 1, 0.1)])
    after = contents(model.weights)
    moving = [path for path in before if "moving" in path]
    assert len(moving) == 14
    assert all(before[path] == after[path] for path in moving)
    moved = trained_paths(before, after)
    assert moved == {"stage3_block1_1_conv", "stage3_block1_2_conv", "classifier"}


@pytest.mark.traced
def test_normalization_trains_where_it_is_asked_to():
    model = small_classifier()
    before = contents(model.weights)
    tune(model, [Phase("head", 1, 0.1), Phase(1, 1, 0.1, train_normalization=True)])
    after = contents(model.weights)
    assert {path for path in before if before[path] != after[path]} == {
        *("conv3/kernel", "classifier/kernel", "classifier/bias"),
        *("norm3/gamma", "norm3/beta", "norm3/moving_mean", "norm3/moving_variance"),
    }


@keras.saving.register_keras_serializable(package="tests")
class Headstrong(keras.layers.Layer):
    """Moves its statistics in training, frozen or not."""

    def build(self, input_shape):
        self.mean = self.add_weight(shape=(), trainable=False, name="mean")

    def call(self, inputs, training=False):
        if training:
            self.mean.assign(self.mean + 1.0)
        return inputs


def test_layer_that_moves_though_frozen_is_an_error():
    inputs = keras.Input((8, 8, 2))
    x = Headstrong(name="headstrong")(keras.layers.Conv2D(4, 3)(inputs))
    model = classifier(keras.Model(inputs, x), CLASSES)
    with pytest.raises(RuntimeError, match="'headstrong' is frozen, but its 'mean' changed"):
        tune(model, [Phase("head", 1, 0.1)])


@pytest.mark.parametrize("optimizer", [keras.optimizers.SGD(0.1, momentum=0.9), "adam"])
@pytest.mark.traced
def test_two_phases_of_the_same_layers_are_one(optimizer):
    """Slots, counts of updates and the order of the data go on."""
    whole, parts = small_classifier(), small_classifier()
    one = tune(whole, [Phase("all", 4, 0.02)], optimizer=optimizer)
    two = tune(parts, [Phase("all", 1, 0.02), Phase("all", 3, 0.02)], optimizer=optimizer)
    assert_close(values(parts.weights), values(whole.weights))
    assert two.epoch == one.epoch == [0, 1, 2, 3]
    np.testing.assert_allclose(two.history["loss"], one.history["loss"], rtol=1e-4)
    np.testing.assert_allclose(two.history["accuracy"], one.history["accuracy"])


@pytest.mark.traced
def test_slots_are_carried_over_and_new_ones_begin_at_zero():
    model, look = small_classifier(), Look()
    tune(model, THREE[:1], callbacks=[look])
    tuned = small_classifier()
    look = Look()
    tune(tuned, THREE, callbacks=[look])
    first, second, third = look.begins
    ended = _slots.slots(updating_optimizers(model.optimizer)[0])
    for (attribute, owner), slot in ended.items():
        path = next(v.path for v in model.variables if id(v) == owner)
        np.testing.assert_array_equal(
            np.frombuffer(second[attribute, path], "float32"), values([slot])[0].ravel()
        )
        assert np.any(values([slot])[0]) and not any(first[attribute, path])
    for attribute in ("_momentums", "_velocities"):
        assert not any(second[attribute, "conv3/kernel"])
        assert any(third[attribute, "conv3/kernel"])
        assert not any(third[attribute, "conv1/kernel"])
    counts = {
        path.removeprefix("small_classifier/"): count
        for path, count in tuned.optimizer.previous_updates.items()
    }
    assert counts == {"conv3/kernel": 6, "classifier/kernel": 12, "classifier/bias": 12}
    assert int(keras.ops.convert_to_numpy(tuned.optimizer.iterations)) == 6


@pytest.mark.traced
def test_rates_are_those_of_the_phases_and_schedules_begin_with_them():
    rates = []

    class Rate(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            rates.append(float(keras.ops.convert_to_numpy(self.model.optimizer.learning_rate)))

    schedule = keras.optimizers.schedules.PiecewiseConstantDecay([3], [0.5, 0.25])
    phases = [Phase("head", 1, 0.125), Phase(1, 2, schedule), Phase(1, 1)]
    template = keras.optimizers.SGD(0.0625)
    tune(small_classifier(), phases, optimizer=template, callbacks=[Rate()])
    assert rates == [0.125, 0.5, 0.25, 0.0625]
    assert not template.built


@pytest.mark.traced
def test_decay_by_stage():
    model = small_classifier()
    before = values(model.trainable_variables)
    tune(model, [Phase("head", 1, 0.1), Phase("all", 1, 0.1, decay=1e-8)])
    assert isinstance(model.optimizer, LayerwiseLearningRates)
    assert model.optimizer.multipliers == pytest.approx(
        {"conv1": 1e-24, "conv2": 1e-16, "conv3": 1e-8, "classifier": 1.0}
    )
    after = {v.path: keras.ops.convert_to_numpy(v) for v in model.trainable_variables}
    assert len(after) == 5 and len(before) == 11
    np.testing.assert_allclose(after["conv3/kernel"], before[6], atol=1e-6)
    tuned = small_classifier()
    tune(tuned, [Phase("all", 1, 0.1)], optimizer=LayerwiseLearningRates("sgd", {"conv*": 0.0}))
    np.testing.assert_array_equal(values(tuned.weights)[0], values(small_classifier().weights)[0])


@pytest.mark.parametrize("on_disk", [False, True])
@pytest.mark.traced
def test_model_ends_as_the_best_phase_left_it(on_disk, tmp_path):
    model, look = small_classifier(), Look()
    best = BestSnapshot("loss", filepath=tmp_path / "best.keras" if on_disk else None)
    phases = [Phase("head", 2, 0.05), Phase(1, 2, 1e3)]
    history = tune(model, phases, callbacks=[best, look])
    losses = history.history["loss"]
    assert best.best_epoch == int(np.argmin(losses)) < 2
    assert best.best == min(losses)
    assert contents(model.weights) == look.seen[best.best_epoch]
    again = small_classifier()
    tune(again, phases[:1], callbacks=[BestSnapshot("loss")])
    assert_close(values(model.weights), values(again.weights))
    assert [v.path for v in model.trainable_variables] == ["classifier/kernel", "classifier/bias"]
    assert_close(values(model.optimizer.variables), values(again.optimizer.variables))
    assert np.isfinite(model.evaluate(X, Y, verbose=0)[0])


@pytest.mark.traced
def test_phase_object_given_twice_is_two_phases():
    """The second one diverges, and the model ends as the first one left it."""
    model, look, phase = small_classifier(), Look(), Phase("all", 1, 0.05)
    rates = keras.callbacks.LearningRateScheduler(lambda epoch, rate: (rate, 1e3)[epoch])
    best = BestSnapshot("loss")
    tune(model, [phase, phase], optimizer="sgd", callbacks=[rates, best, look])
    assert best.best_epoch == 0
    assert contents(model.weights) == look.seen[0]


@pytest.mark.parametrize(
    "monitor, phases",
    [("val_accuracy", THREE[:1]), ("accuracy", THREE[:1]), ("val_auc", THREE[:2])],
)
@pytest.mark.traced
def test_best_snapshot_tells_the_direction_of_any_metric(monitor, phases):
    y, validation = (Y > 0).astype("float32"), (VALIDATION[0], VALIDATION[1] > 0)
    model = classifier(backbone(), 2)
    model = keras.Model(model.input, model.output[:, 1])
    best = BestSnapshot(monitor)
    metrics = ["accuracy", keras.metrics.AUC(name="auc")]
    options = {"loss": "binary_crossentropy", "metrics": metrics, "validation_data": validation}
    history = tune(model, phases, (X, y), callbacks=[best], **options)
    assert best.best == max(history.history[monitor])


@pytest.mark.parametrize("monitor", ["val_accuracy", "val_loss"])
@pytest.mark.traced
def test_best_phase_is_the_same_where_all_are_restored(monitor, tmp_path):
    """No metric is built in a run that is finished, so that none tells its direction."""

    def train():
        model, best = small_classifier(), BestSnapshot(monitor)
        phases = [Phase("head", 2, 0.05), Phase(1, 2, 1e3)]
        callbacks = [best, Resume(tmp_path)]
        tune(model, phases, callbacks=callbacks, validation_data=VALIDATION)
        return best.best, best.best_epoch, contents(model.weights)

    first = train()
    assert first[1] < 2
    assert train() == first


@pytest.mark.parametrize("resumes", [False, True])
@pytest.mark.traced
def test_best_file_of_a_phase_is_of_the_same_training_in_the_next(resumes, tmp_path, recwarn):
    best = BestSnapshot("loss", filepath=tmp_path / "best.keras")
    more = [Resume(tmp_path / "state")] if resumes else []
    tune(small_classifier(), [Phase("head", 1, 0.05), Phase(1, 1, 0.01)], callbacks=[best, *more])
    assert not [one for one in recwarn if "another training" in str(one.message)]


@pytest.mark.traced
def test_patience_ends_a_phase_and_epochs_count_on():
    model = small_classifier()
    phases = [Phase("head", 9, 1e-6), Phase(1, 2, 0.01)]
    stop = keras.callbacks.EarlyStopping("loss", patience=0, min_delta=1.0)
    history = tune(model, phases, callbacks=[stop])
    assert history.epoch == list(range(len(history.epoch)))
    assert len(history.epoch) < 11
    assert model.history is history


@pytest.mark.traced
def test_ctrl_c_ends_all_phases():
    class Interrupt(keras.callbacks.Callback):
        interrupted = False

        def on_epoch_end(self, epoch, logs=None):
            self.interrupted = self.model.stop_training = epoch == 1

    history = tune(small_classifier(), THREE, callbacks=[Interrupt()])
    assert history.epoch == [0, 1]


@pytest.mark.traced
def test_what_a_phase_did_not_log_is_nan():
    class Log(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            if epoch >= 2:
                logs["extra"] = epoch

    history = tune(small_classifier(), THREE[:2], callbacks=[Log()])
    np.testing.assert_array_equal(history.history["extra"], [np.nan, np.nan, 2, 3])


@pytest.mark.traced
def test_data_as_a_function_of_the_step_go_on_from_phase_to_phase():
    starts = []

    def data(step):
        starts.append(step)
        while True:
            yield X[:BATCH], Y[:BATCH]

    model = small_classifier()
    history = tune(model, THREE[:2], data, steps_per_epoch=4)
    assert starts == [0, 8]
    assert len(history.epoch) == 4
    with pytest.raises(ValueError, match="`steps_per_epoch` must be given"):
        tune(model, THREE, data)


class Batches(keras.utils.PyDataset):
    def __len__(self):
        return 3

    def __getitem__(self, number):
        return X[number * BATCH :][:BATCH], Y[number * BATCH :][:BATCH]


@pytest.mark.traced
def test_finite_data_sets_are_read_in_each_epoch():
    history = tune(small_classifier(), [Phase("head", 1, 0.05), Phase(1, 1, 0.01)], Batches())
    assert history.epoch == [0, 1]


@pytest.mark.traced
def test_class_weight_is_a_sample_weight():
    weights = {0: 3.0, 2: 0.5}
    samples = np.array([{0: 3.0, 1: 1.0, 2: 0.5}[label] for label in Y], "float32")
    weighted, sampled, plain = small_classifier(), small_classifier(), small_classifier()
    one = tune(weighted, THREE[:1], class_weight=weights)
    two = tune(sampled, THREE[:1], (X, Y, samples))
    three = tune(plain, THREE[:1])
    assert one.history["loss"] == two.history["loss"] != three.history["loss"]


@pytest.mark.traced
def test_mixed_float16():
    keras.config.set_dtype_policy("mixed_float16")
    try:
        model = small_classifier()
        history = tune(model, [Phase("head", 1, 0.05), Phase(1, 1, 0.05, decay=0.5)])
    finally:
        keras.config.set_dtype_policy("float32")
    assert isinstance(model.optimizer, keras.optimizers.LossScaleOptimizer)
    updates = model.optimizer.inner_optimizer.previous_updates
    assert updates["small_classifier/classifier/bias"] == 3
    assert int(keras.ops.convert_to_numpy(model.optimizer.step_counter)) == 6
    assert np.all(np.isfinite(history.history["loss"]))


@pytest.mark.traced
def test_saved_model_trains_on(tmp_path):
    model = small_classifier()
    tune(model, [Phase("head", 1, 0.05), Phase(1, 1, 0.01, decay=0.5)])
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    assert [v.path for v in loaded.trainable_variables] == [
        *("conv3/kernel", "classifier/kernel", "classifier/bias")
    ]
    for one in (model, loaded):
        one.fit(X, Y, batch_size=BATCH, shuffle=False, verbose=0)
    assert_close(values(loaded.variables), values(model.variables))


@pytest.mark.traced
def test_sgdr_drives_the_rate_through_all_phases():
    model = small_classifier()
    phases = [Phase("head", 2), Phase(1, 2)]
    sgdr = SGDR(0.1, first_cycle_epochs=4, cycle_multiplier=1)
    history = tune(model, phases, optimizer=keras.optimizers.SGD(0.3), callbacks=[sgdr])
    steps = np.arange(3, 13, 3) - 1
    expected = 0.05 * (1 + np.cos(np.pi * steps / 12))
    np.testing.assert_allclose(history.history["learning_rate"], expected, rtol=1e-5)
    with pytest.warns(UserWarning, match="SGDR sets the rate"):
        tune(model, THREE[:1], callbacks=[SGDR(0.1, 2)])


def test_plan_is_carried_out():
    plan = Plan("cell", "reason", (Phase("head", 1, 0.1),))
    assert tune(small_classifier(), plan).epoch == [0]


@pytest.mark.parametrize(
    "error, arguments, message",
    [
        (TypeError, {"phases": []}, "`phases` must be a Plan, or a"),
        (TypeError, {"phases": ["head"]}, "`phases` must be a Plan, or a"),
        (TypeError, {"phases": Phase("head", 1)}, "`phases` must be a Plan, or a"),
        (TypeError, {"callbacks": BestSnapshot()}, "`callbacks` must be a tuple or list"),
        (TypeError, {"callbacks": ["best"]}, "`callbacks` must be a tuple or list"),
        (TypeError, {"metrics": "accuracy"}, "`metrics` must be a tuple or list"),
        (TypeError, {"weighted_metrics": {"a": "mae"}}, "`weighted_metrics` must be a tuple"),
        (TypeError, {"class_weight": "balanced"}, "`class_weight` must be a dict .*'balanced'"),
        (TypeError, {"class_weight": {"0": 1.0}}, "`class_weight` must be an integer"),
        (ValueError, {"class_weight": {0: -1.0}}, "`class_weight` must be in"),
        (TypeError, {"seed": None}, "`seed` must be an integer"),
        (ValueError, {"phases": [Phase(4, 1)]}, "`train` must be at most 3, the stages of small"),
        (ValueError, {"data": (X, Y[:-1])}, "`data` must be arrays"),
        (ValueError, {"batch_size": 0}, "`batch_size`"),
        (
            ValueError,
            {"optimizer": LayerwiseLearningRates("sgd", {"conv9": 0.1})},
            r"\['conv9'\], which name none",
        ),
        (
            ValueError,
            {
                "phases": [Phase("all", 1, decay=0.5)],
                "optimizer": LayerwiseLearningRates("sgd", {"conv1": 0.1}),
            },
            "`decay` must be 1",
        ),
    ],
)
def test_bad_arguments(error, arguments, message):
    model = small_classifier()
    before = contents(model.weights)
    arguments = {"data": (X, Y), "phases": THREE, **arguments}
    with pytest.raises(error, match=message):
        tune(model, **arguments)
    assert contents(model.weights) == before


def test_a_model_that_is_not_built_says_what_to_do():
    unbuilt = keras.Sequential([keras.layers.Conv2D(2, 3), keras.layers.Dense(3)])
    with pytest.raises(ValueError, match="`model` must be built: begin it with keras.Input"):
        tune(unbuilt, THREE)
    with pytest.raises(ValueError, match="`backbone` must be built: begin it with keras.Input"):
        classifier(unbuilt, CLASSES)
