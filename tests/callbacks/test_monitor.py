"""What callbacks monitor: epochs without validation, two outputs, weights, vectors."""

import keras
import numpy as np
import pytest

from kerasrecipes.callbacks import BestSnapshot, LearningRateFinder, PlateauFactor, _monitor
from tests.callbacks.small_fit import VALIDATION, Act, fit, small_model

BOTH = [BestSnapshot, PlateauFactor]
WEIGHTS = {"val_a_accuracy": 0.7, "val_b_accuracy": 0.3}


class Logs(keras.callbacks.Callback):
    """Gives the epochs' logs these values, as validation would."""

    def __init__(self, values):
        super().__init__()
        self.values = values

    def on_epoch_end(self, epoch, logs=None):
        logs.update(self.values[epoch])


def two_outputs():
    inputs = keras.Input((3,))
    outputs = {name: keras.layers.Dense(2, "softmax", name=name)(inputs) for name in ("a", "b")}
    model = keras.Model(inputs, outputs)
    loss = dict.fromkeys(outputs, "sparse_categorical_crossentropy")
    entropy = keras.metrics.SparseCategoricalCrossentropy(name="entropy")
    metrics = {"a": ["accuracy"], "b": ["accuracy", entropy]}
    model.compile("sgd", loss, metrics=metrics, run_eagerly=True)  # cheaper than compiling
    return model


def fit_two_outputs(callbacks, epochs=2):
    x = np.random.default_rng(0).normal(size=(8, 3)).astype("float32")
    y = {"a": (x[:, 0] > 0).astype("int32"), "b": (x[:, 1] > 0).astype("int32")}
    return two_outputs().fit(
        x, y, 4, epochs=epochs, verbose=0, validation_data=(x, y), callbacks=callbacks
    )


@pytest.mark.traced
def test_epochs_without_validation_are_skipped():
    best, plateau = BestSnapshot(patience=3), PlateauFactor(patience=1, min_delta=1e9)
    history = fit(small_model(), 6, [best, plateau], validation_freq=2).history
    assert len(history["val_loss"]) == 3 and len(history["learning_rate"]) == 6
    assert best.best_epoch == 2 * int(np.argmin(history["val_loss"])) + 1
    rates = 0.5 * np.array([1, 1, 1, 1, 0.1, 0.1])  # lower after the second and third check
    np.testing.assert_allclose(history["learning_rate"], rates, rtol=1e-5)


@pytest.mark.parametrize("kind", BOTH)
@pytest.mark.parametrize("monitor, epoch", [("val_other", 1), ("other", 0)])
def test_a_metric_that_never_comes_is_an_error_once_it_could_have(kind, monitor, epoch):
    ends = []
    note = keras.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: ends.append(epoch))
    callback = kind(monitor, mode="min")
    with pytest.raises(ValueError, match=f"accuracy, .*loss.*Received: monitor='{monitor}'"):
        fit(small_model(run_eagerly=True), 9, [note, callback], validation_freq=2)
    assert ends[-1] == epoch


@pytest.mark.parametrize("kind", BOTH)
def test_without_validation_data_the_first_epoch_is_enough(kind):
    ends = []
    note = keras.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: ends.append(epoch))
    with pytest.raises(ValueError, match="Received: monitor='val_loss'"):
        fit(small_model(run_eagerly=True), 9, [note, kind()], validation=False)
    assert ends == [0]


@pytest.mark.parametrize("kind", BOTH)
@pytest.mark.parametrize(
    "monitor, sign",
    [("val_a_loss", -1), ("val_a_accuracy", 1), ("val_b_entropy", -1), (WEIGHTS, 1)],
)
@pytest.mark.traced
def test_direction_is_read_from_the_metric_of_each_output(kind, monitor, sign):
    scores = [0.9, 0.2, 0.5]
    names = [monitor] if isinstance(monitor, str) else list(monitor)
    logs = Logs([dict.fromkeys(names, score) for score in scores])
    if kind is BestSnapshot:
        best = BestSnapshot(monitor)
        fit_two_outputs([logs, best], 3)
        assert best.best_epoch == (0 if sign > 0 else 1)
        assert best.best == pytest.approx(max(scores) if sign > 0 else min(scores))
    else:
        plateau = PlateauFactor(monitor, 0.5, patience=1)
        fit_two_outputs([logs, plateau], 3)
        assert plateau.total_factor == (0.25 if sign > 0 else 0.5)


def test_weights_add_up():
    best = BestSnapshot(WEIGHTS)
    history = fit_two_outputs([best], 3).history
    sums = 0.7 * np.array(history["val_a_accuracy"]) + 0.3 * np.array(history["val_b_accuracy"])
    assert best.best == pytest.approx(sums.max()) and best.best_epoch == int(sums.argmax())


@pytest.mark.traced
def test_weighted_best_is_kept_in_a_file(tmp_path, capsys):
    path = tmp_path / "best.keras"
    fit_two_outputs([BestSnapshot(WEIGHTS, filepath=path)])
    fit_two_outputs([BestSnapshot(WEIGHTS, filepath=path)])
    assert "continues from 0.7 val_a_accuracy + 0.3 val_b_accuracy" in capsys.readouterr().out
    with pytest.raises(ValueError, match="best by 'val_loss'"):
        fit_two_outputs([BestSnapshot(filepath=path)])


@pytest.mark.parametrize("kind", BOTH)
def test_metrics_of_two_directions_and_unknown_ones_are_refused_after_one_step(kind):
    def oddity(y, y_pred):
        return keras.ops.mean(y_pred)

    act, model = Act(0, lambda: None), small_model(run_eagerly=True)
    with pytest.raises(ValueError, match="one direction.*Received"):
        fit(model, 1, [kind({"val_loss": 1.0, "val_accuracy": 1.0}), act])
    assert act.batches == 1
    act, model = Act(0, lambda: None), small_model(metrics=[oddity], run_eagerly=True)
    with pytest.raises(ValueError, match="`mode` must be 'min' or 'max'.*'val_oddity'"):
        fit(model, 1, [kind("val_oddity"), act])
    assert act.batches == 1


@pytest.mark.parametrize("kind", BOTH)
@pytest.mark.traced
def test_a_vector_of_one_is_a_number_and_a_longer_one_an_error(kind):
    def train(value):
        callback = kind("score", mode="max")
        fit(small_model(run_eagerly=True), 1, [Logs([{"score": np.array(value)}]), callback])
        return callback

    assert getattr(train([0.25]), "best", 0.25) == 0.25
    with pytest.raises(ValueError, match="`monitor`.*average.*'score', of shape \\(2,\\)"):
        train([0.25, 0.5])


def test_f1_score_of_one_class():
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1, "sigmoid")])
    f1_score = keras.metrics.F1Score(threshold=0.5)
    model.compile("sgd", "binary_crossentropy", metrics=[f1_score], jit_compile=False)
    best = BestSnapshot("f1_score", mode="max")
    x, y = np.ones((8, 4), "float32"), np.ones((8, 1), "float32")
    history = model.fit(x, y, 4, epochs=2, verbose=0, callbacks=[best]).history
    assert best.best == max(float(np.squeeze(value)) for value in history["f1_score"])


@pytest.mark.parametrize("kind", BOTH)
@pytest.mark.parametrize(
    "monitor, error", [({}, ValueError), ({"loss": 0}, ValueError), ({1: 1.0}, TypeError)]
)
def test_bad_monitors(kind, monitor, error):
    with pytest.raises(error, match="monitor.*Received"):
        kind(monitor)


@pytest.mark.slow
def test_validation_inside_epochs_on_a_list():
    one, other = (
        BestSnapshot(every_steps=2, validation_data=kind(VALIDATION)) for kind in (list, tuple)
    )
    fit(small_model(), 2, [one])
    fit(small_model(), 2, [other])
    assert one.best == other.best and np.isfinite(one.best)


@pytest.mark.traced
def test_finder_with_steps_on_data_of_unknown_length():
    def endless():
        while True:
            yield VALIDATION

    finder = LearningRateFinder(1e-4, 1e-2, steps=8)
    small_model().fit(endless(), verbose=0, callbacks=[finder])
    np.testing.assert_allclose(finder.rates, np.geomspace(1e-4, 1e-2, 8), rtol=1e-4)


def test_finder_without_a_loss_in_the_logs_says_so_and_puts_the_model_back():
    class Silent(keras.Sequential):
        def train_step(self, *args):
            logs = super().train_step(*args)
            if keras.backend.backend() == "jax":
                return {"accuracy": logs[0]["loss"]}, logs[1]
            return {"accuracy": logs["loss"]}

    model = Silent([keras.Input((4,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    before = model.get_weights()
    with pytest.raises(ValueError, match="'loss'.*train_step.*accuracy"):
        model.fit(np.ones((8, 4)), np.ones((8, 1)), 2, verbose=0, callbacks=[LearningRateFinder()])
    for old, new in zip(before, model.get_weights()):
        np.testing.assert_array_equal(old, new)


def test_no_metrics_at_all_say_that_data_are_missing():
    with pytest.raises(ValueError, match="no data to validate on. Received: monitor='val_loss'"):
        _monitor.value_of("val_loss", {})
