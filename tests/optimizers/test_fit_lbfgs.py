"""L-BFGS on all data: against scikit-learn and SciPy, on each backend."""

import contextlib

import keras
import numpy as np
import pytest
import scipy.optimize
from keras import ops

from kerasrecipes import callbacks, optimizers
from kerasrecipes.optimizers._chunks import Chunks
from kerasrecipes.optimizers._full_batch_loss import FullBatchLoss

BACKEND = keras.backend.backend()
RNG = np.random.default_rng(0)
X = RNG.normal(size=(50, 4))
LABELS = (X @ RNG.normal(size=(4, 3)) + RNG.normal(size=(50, 3))).argmax(axis=1)
TARGETS = X @ np.array([[1.0], [-2.0], [0.5], [0.0]]) + 0.3
STRENGTH = 2.0**-6


@pytest.fixture
def float64():
    if BACKEND == "jax":
        import jax

        x64 = jax.enable_x64(True)
    else:
        x64 = contextlib.nullcontext()
    for dtype in ("float64", "float32"):
        keras.config.set_floatx(dtype)
        keras.config.set_dtype_policy(dtype)
        if dtype == "float64":
            with x64:
                yield


def dense(units, name="dense", **options):
    initializer = keras.initializers.GlorotUniform(seed=3)
    return keras.layers.Dense(units, kernel_initializer=initializer, name=name, **options)


def softmax_model(reduction="sum_over_batch_size", **compiling):
    """Multinomial logistic regression with an L2 penalty of STRENGTH / 2."""
    penalty = keras.regularizers.L2(STRENGTH / 2)
    model = keras.Sequential([keras.Input((4,)), dense(3, kernel_regularizer=penalty)])
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True, reduction=reduction)
    model.compile(loss=loss, jit_compile=False, **compiling)
    return model


def linear_model(*before, units=1, **options):
    model = keras.Sequential([keras.Input((4,)), *before, dense(units, **options)])
    model.compile(loss="mse", jit_compile=False)
    return model


def regularized_loss(kernel, bias, weights=1.0):
    scores = X @ kernel + bias
    log = scores - np.log(np.exp(scores).sum(axis=1, keepdims=True))
    return np.mean(-weights * log[np.arange(50), LABELS]) + STRENGTH / 2 * (kernel**2).sum()


@pytest.mark.parametrize("batch_size", [None, 16])
def test_logistic_regression_reaches_the_optimum_of_scikit_learn(float64, batch_size):
    sklearn = pytest.importorskip("sklearn.linear_model")
    model = softmax_model()
    history = optimizers.fit_lbfgs(
        model, X, LABELS, batch_size=batch_size, verbose=0, loss_tolerance=0,
        gradient_tolerance=1e-10,
    )  # fmt: skip
    solver = sklearn.LogisticRegression(
        C=1 / (STRENGTH * 50), tol=1e-12, max_iter=1000, solver="newton-cg"
    )
    solver.fit(X, LABELS)
    kernel, bias = model.get_weights()
    assert kernel.dtype == "float64"
    optimum = regularized_loss(solver.coef_.T, solver.intercept_)
    assert abs(regularized_loss(kernel, bias) - optimum) < 1e-12
    assert abs(history.history["loss"][-1] - optimum) < 1e-10
    expected = solver.predict_log_proba(X)
    scores = X @ kernel + bias
    log = scores - np.log(np.exp(scores).sum(axis=1, keepdims=True))
    np.testing.assert_allclose(log, expected, atol=3e-7)


@pytest.mark.parametrize("reduction", ["sum_over_batch_size", "sum", "mean_with_sample_weight"])
@pytest.mark.parametrize("is_weighted", [False, True])
def test_chunks_give_loss_and_gradient_of_all(float64, reduction, is_weighted):
    model = softmax_model(reduction)
    weights = RNG.uniform(0.1, 2, 50) if is_weighted else None
    results = []
    for size in (None, 7, 25):
        loss = FullBatchLoss(model, Chunks(X, LABELS, weights, size, model.loss))
        results.append(loss(loss.vector()))
    factors = np.ones(50) if weights is None else weights
    factor = {"sum": 50.0, "mean_with_sample_weight": 1 / factors.mean()}.get(reduction, 1.0)
    value = regularized_loss(*model.get_weights(), factors * factor)
    for loss, gradient in results:
        assert abs(loss - value) < 1e-12 * abs(value)
        np.testing.assert_allclose(gradient, results[0][1], rtol=1e-10, atol=1e-13)
    kernel, bias = model.get_weights()
    step = np.zeros_like(kernel)
    step[1, 2] = 1e-6
    numeric = [regularized_loss(kernel + s, bias, factors * factor) for s in (step, -step)]
    assert abs((numeric[0] - numeric[1]) / 2e-6 - results[0][1][5]) < 1e-7 * factor


def test_losses_of_layers_count_in_chunks_too():
    penalty = keras.regularizers.L2(0.5)
    layer = dense(2, "hidden", activity_regularizer=penalty)
    model = linear_model(layer)
    losses = [
        FullBatchLoss(model, Chunks(X, TARGETS, None, size, model.loss)) for size in (None, 9)
    ]
    whole, chunked = (loss(loss.vector()) for loss in losses)
    kernel, bias, *last = model.get_weights()
    hidden = X @ kernel + bias
    error = hidden @ last[0] + last[1] - TARGETS
    expected = np.mean(error**2) + 0.5 * np.sum(hidden**2) / 50
    assert abs(whole[0] - expected) < 1e-5 and abs(chunked[0] - expected) < 1e-5
    np.testing.assert_allclose(whole[1], chunked[1], rtol=1e-4, atol=1e-5)


def test_a_model_whose_losses_are_its_own_needs_no_labels():
    class Distance(keras.layers.Layer):
        def build(self, input_shape):
            self.place = self.add_weight(shape=(4,), initializer="zeros", name="place")

        def call(self, x):
            self.add_loss(ops.mean(ops.sum(ops.square(x - self.place), axis=-1)))
            return x

    model = keras.Sequential([keras.Input((4,)), Distance()])
    model.compile(jit_compile=False)
    optimizers.fit_lbfgs(model, X, verbose=0, batch_size=20)
    np.testing.assert_allclose(model.get_weights()[0], X.mean(axis=0), atol=1e-5)


@pytest.mark.traced
def test_dicts_of_inputs_and_labels():
    a, b = keras.Input((4,), name="a"), keras.Input((4,), name="b")
    outputs = {"left": dense(1, "left")(a), "right": dense(1, "right")(b)}
    model = keras.Model({"a": a, "b": b}, outputs)
    model.compile(loss={"left": "mse", "right": "mse"}, metrics={"left": "mae"}, jit_compile=False)
    labels = {"left": TARGETS, "right": -TARGETS}
    history = optimizers.fit_lbfgs(model, {"a": X, "b": X}, labels, batch_size=30, verbose=0)
    np.testing.assert_allclose(model.get_layer("right").get_weights()[1], [-0.3], atol=1e-3)
    assert history.history["left_mae"][-1] < 1e-3


def test_frozen_layers_stay_and_statistics_are_of_inference():
    frozen = dense(4, "frozen", trainable=False)
    normalization = keras.layers.BatchNormalization(name="norm")
    model = linear_model(frozen, normalization)
    normalization.moving_mean.assign([0.1, 0.2, 0.3, 0.4])
    before = [np.array(w) for w in model.get_weights()]
    with pytest.warns(UserWarning, match="uses norm in inference mode"):
        optimizers.fit_lbfgs(model, X, TARGETS, verbose=0)
    after = model.get_weights()
    for variable, old, new in zip(model.weights, before, after):
        assert np.array_equal(old, new) != variable.trainable, variable.path
    outputs = model.predict(X, verbose=0)
    np.testing.assert_allclose(outputs, TARGETS, atol=1e-2)


def test_dropout_is_switched_off_and_said():
    model = linear_model(keras.layers.Dropout(0.5, name="drop"))
    seed = [np.array(ops.convert_to_numpy(v)) for v in model.non_trainable_variables]
    with pytest.warns(UserWarning, match="switches off the noise of drop"):
        optimizers.fit_lbfgs(model, X, TARGETS, verbose=0)
    np.testing.assert_allclose(ops.convert_to_numpy(model(X, training=False)), TARGETS, atol=1e-2)
    for old, variable in zip(seed, model.non_trainable_variables):
        np.testing.assert_array_equal(old, ops.convert_to_numpy(variable))


class AlwaysNoisy(keras.layers.Layer):
    def __init__(self, seed_generator=None, **kwargs):
        super().__init__(**kwargs)
        self.generator = seed_generator

    def call(self, x):
        return x + keras.random.normal(ops.shape(x), seed=self.generator)


@pytest.mark.parametrize(
    "noisy, words",
    [
        (lambda: AlwaysNoisy(keras.random.SeedGenerator(1), name="noisy"), "noisy"),
        (lambda: AlwaysNoisy(), "differ between two calls"),
    ],
)
def test_noise_that_cannot_be_switched_off_is_an_error(noisy, words):
    if BACKEND == "jax" and words != "noisy":
        pytest.skip("Keras refuses unseeded noise itself on JAX")
    with pytest.raises(ValueError, match=words):
        optimizers.fit_lbfgs(linear_model(noisy()), X, TARGETS, verbose=0)


def test_dropout_that_the_model_calls_with_training_is_switched_off():
    inputs = keras.Input((4,))
    dropout = keras.layers.Dropout(0.5, name="drop")
    model = keras.Model(inputs, dense(1)(dropout(inputs, training=True)))
    model.compile(loss="mse", jit_compile=False)
    with pytest.warns(UserWarning, match="switches off the noise of drop"):
        optimizers.fit_lbfgs(model, X, TARGETS, verbose=0)
    np.testing.assert_allclose(ops.convert_to_numpy(model(X, training=False)), TARGETS, atol=1e-2)


def test_non_negative_weights_are_those_of_scipys_nnls(float64):
    model = linear_model(kernel_constraint="non_neg", use_bias=False)
    optimizers.fit_lbfgs(model, X, TARGETS, verbose=0, loss_tolerance=0, gradient_tolerance=1e-12)
    expected, _ = scipy.optimize.nnls(X, TARGETS[:, 0])
    # On JAX, Keras computes the means of `mse` in float32.
    tolerance = 1e-4 if BACKEND == "jax" else 1e-7
    np.testing.assert_allclose(model.get_weights()[0][:, 0], expected, atol=tolerance)
    assert (expected == 0).any()


class Recorder(keras.callbacks.Callback):
    def __init__(self, stop=None, act=None):
        super().__init__()
        self.calls, self.stop, self.act = [], stop, act

    def on_train_begin(self, logs=None):
        self.calls.append("begin")

    def on_train_end(self, logs=None):
        self.calls.append("end")

    def on_epoch_begin(self, epoch, logs=None):
        self.calls.append(epoch)

    def on_epoch_end(self, epoch, logs=None):
        self.calls.append((epoch, self.model.evaluate(X, LABELS, batch_size=50, verbose=0)))
        if epoch == self.stop:
            self.model.stop_training = True
            if self.act:
                self.act()


def test_callbacks_see_the_weights_of_each_iteration_and_may_stop():
    model, recorder = softmax_model(), Recorder(stop=2)
    history = optimizers.fit_lbfgs(
        model, X, LABELS, verbose=0, callbacks=[recorder], validation_data=(X[:10], LABELS[:10])
    )
    kinds = [call if not isinstance(call, tuple) else (call[0],) for call in recorder.calls]
    assert kinds == ["begin", 0, (0,), 1, (1,), 2, (2,), "end"]
    seen = [call[1] for call in recorder.calls if isinstance(call, tuple)]
    np.testing.assert_allclose(seen, history.history["loss"], rtol=1e-5)
    assert history.epoch == [0, 1, 2] and sorted(seen) == seen[::-1]
    assert set(history.history) == {"loss", "val_loss", "evaluations"}
    assert history is model.history and "CALLBACK" in history.message.upper()


def test_epochs_and_evaluations_are_limits():
    history = optimizers.fit_lbfgs(softmax_model(), X, LABELS, verbose=0, epochs=3)
    assert len(history.epoch) == 3 and "ITERATIONS" in history.message
    history = optimizers.fit_lbfgs(softmax_model(), X, LABELS, verbose=0, max_evaluations=2)
    assert 2 <= sum(history.history["evaluations"]) <= 4


def test_a_model_at_its_minimum_has_one_epoch_and_stays():
    model = linear_model(kernel_constraint=None)
    model.set_weights([np.array([[1.0], [-2.0], [0.5], [0.0]]), np.array([0.3])])
    before = model.get_weights()
    history = optimizers.fit_lbfgs(model, X, TARGETS, verbose=0)
    assert history.epoch == [0] and history.history["evaluations"] == [1]
    for old, new in zip(before, model.get_weights()):
        np.testing.assert_array_equal(old, new)


@pytest.mark.traced
def test_the_best_snapshot_is_restored():
    model = softmax_model()
    best = callbacks.BestSnapshot("val_loss")
    history = optimizers.fit_lbfgs(
        model, X[:12], LABELS[:12], epochs=12, verbose=0, callbacks=[best],
        validation_data=(X[12:], LABELS[12:]),
    )  # fmt: skip
    losses = history.history["val_loss"]
    assert np.argmin(losses) < len(losses) - 1
    restored = model.evaluate(X[12:], LABELS[12:], batch_size=38, verbose=0)
    assert abs(restored - min(losses)) < 1e-6


class Killed(Exception):
    pass


def kill():
    raise Killed


@pytest.mark.traced
def test_a_killed_run_is_resumed_from_its_weights(tmp_path):
    def run(*others, **options):
        model = softmax_model()
        resume = callbacks.Resume(tmp_path / "state", every_steps=1)
        options = {"epochs": 7, **options}
        history = optimizers.fit_lbfgs(
            model, X, LABELS, verbose=0, callbacks=[resume, *others], **options
        )
        return history, model.get_weights()

    with pytest.warns(UserWarning, match="between epochs only"), pytest.raises(Killed):
        run(Recorder(stop=3, act=kill))
    recorder = Recorder()
    with pytest.warns(UserWarning, match="between epochs only"):
        history, weights = run(recorder)
    assert recorder.calls[1] == 3  # the state was written before epoch 3 began
    assert history.epoch == list(range(len(history.epoch)))
    straight = softmax_model()
    expected = optimizers.fit_lbfgs(straight, X, LABELS, epochs=7, verbose=0).history["loss"]
    np.testing.assert_allclose(history.history["loss"][:3], expected[:3], rtol=1e-6)
    assert abs(history.history["loss"][-1] - expected[-1]) < 0.05
    with pytest.warns(UserWarning, match="between epochs only"):
        again, same = run(Recorder(stop=0, act=kill), epochs=len(history.epoch))
    assert again.epoch == history.epoch and again.message == "nothing was left to train"
    for old, new in zip(weights, same):
        np.testing.assert_array_equal(old, new)


def test_resume_refuses_other_data(tmp_path):
    def run(x):
        resume = callbacks.Resume(tmp_path / "state")
        optimizers.fit_lbfgs(softmax_model(), x, LABELS, epochs=2, verbose=0, callbacks=[resume])

    run(X)
    with pytest.raises(ValueError, match="data x"):
        run(X + 1)


@pytest.mark.parametrize("first", [np.nan, 1e30])
def test_a_loss_that_is_not_finite_is_an_error_and_weights_stay(first):
    model = linear_model()
    x = X.copy()
    x[0, 0] = first
    before = model.get_weights()
    with pytest.raises(ValueError, match="must be finite.*Received: loss="):
        optimizers.fit_lbfgs(model, x, TARGETS, verbose=0)
    for old, new in zip(before, model.get_weights()):
        np.testing.assert_array_equal(old, new)


def test_what_has_no_effect_is_said():
    model = softmax_model(optimizer=keras.optimizers.AdamW(weight_decay=0.01))
    scheduler = keras.callbacks.LearningRateScheduler(lambda epoch: 0.1)
    with pytest.warns(UserWarning) as warned:
        optimizers.fit_lbfgs(model, X, LABELS, epochs=1, verbose=0, callbacks=[scheduler])
    messages = " ".join(str(warning.message) for warning in warned)
    assert "`weight_decay=0.01` has no effect" in messages
    assert "LearningRateScheduler has no effect" in messages


def half_precision():
    return linear_model(dtype="mixed_bfloat16")


def frozen():
    return linear_model(trainable=False)


def constrained():
    return linear_model(kernel_constraint=keras.constraints.MaxNorm(1))


def not_compiled():
    return keras.Sequential([keras.Input((4,)), dense(1)])


@pytest.mark.parametrize(
    "model, changes, words",
    [
        (half_precision, {}, "half precision"),
        (frozen, {}, "trainable weights"),
        (constrained, {}, "MaxNorm of"),
        (not_compiled, {}, "compiled"),
        (linear_model, {"y": None}, "`y` must be given"),
        (linear_model, {"y": TARGETS[:9]}, r"same number of rows.*x with \[50\], y with \[9\]"),
        (linear_model, {"x": X[:0], "y": TARGETS[:0]}, "rows, >= 1"),
        (linear_model, {"x": X[:, :3]}, "must fit the model"),
        (softmax_model, {"y": np.ones((50, 2, 2))}, "must fit the model"),
        (linear_model, {"epochs": 0}, "epochs=0"),
        (linear_model, {"batch_size": 0}, "batch_size=0"),
        (linear_model, {"memory": 0}, "memory=0"),
        (linear_model, {"gradient_tolerance": -1}, "gradient_tolerance=-1"),
        (linear_model, {"max_evaluations": 0}, "max_evaluations=0"),
        (linear_model, {"verbose": 3}, "verbose=3"),
    ],
)
def test_bad_input(model, changes, words):
    arguments = {"x": X, "y": TARGETS, "verbose": 0, **changes}
    with pytest.raises(ValueError, match=words):
        optimizers.fit_lbfgs(model(), **arguments)


@pytest.mark.parametrize("x", [iter([X]), "x", [object()]])
def test_generators_are_refused(x):
    with pytest.raises(TypeError, match="must be arrays or tensors"):
        optimizers.fit_lbfgs(linear_model(), x, TARGETS, verbose=0)
    with pytest.raises(TypeError, match="must be a Keras model"):
        optimizers.fit_lbfgs("model", X, TARGETS, verbose=0)


def test_float64_weights_under_a_float32_loss_are_said():
    if BACKEND != "tensorflow":
        pytest.skip("JAX has no float64 unless told so, and on PyTorch the loss is float64 too")
    model = keras.Sequential([keras.Input((4,), dtype="float64"), dense(1, dtype="float64")])
    model.compile(loss="mse", jit_compile=False)
    with pytest.warns(UserWarning, match="set_floatx"):
        optimizers.fit_lbfgs(model, X, TARGETS, epochs=1, verbose=0)


def test_without_scipy_the_extra_is_named(monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(ImportError, match=r"kerasrecipes\[lbfgs\]"):
        optimizers.fit_lbfgs(linear_model(), X, TARGETS)
