import keras
import numpy as np
import pytest

from kerasrecipes.callbacks import SGDR, PlateauFactor
from kerasrecipes.optimizers import LayerwiseLearningRates, _by_name
from tests.optimizers.small_network import fit, network, values

STEPS = 6
FACTORS = {"early": 0.1, "middle": 0.5}
RATES = {"early": 0.01, "middle": 0.05, "late": 0.1}


def variables():
    """Return a variable a layer, the same at each call."""
    random = np.random.default_rng(0)
    found = []
    for name in RATES:
        with keras.name_scope(name):
            initial = random.normal(size=(2, 3)).astype("float32")
            found.append(keras.Variable(initial, name="kernel"))
    return found


GRADIENTS = np.random.default_rng(1).normal(size=(STEPS, 3, 2, 3)).astype("float32")


def train(optimizer, trained, chosen=slice(None)):
    optimizer.build(trained)
    for gradients in GRADIENTS:
        tensors = [keras.ops.convert_to_tensor(gradient) for gradient in gradients[chosen]]
        optimizer.apply(tensors, trained)
    return values(trained)


def by_hand(rate, start, gradients, update):
    weight, state = start.astype("float64"), {}
    for t, gradient in enumerate(gradients.astype("float64"), start=1):
        weight = update(weight, gradient, rate, t, state)
    return weight


def sgd_by_hand(weight, gradient, rate, t, state):
    weight = weight - rate * 0.01 * weight
    state["m"] = 0.9 * state.get("m", 0.0) - rate * gradient
    return weight + state["m"]


def adam_by_hand(weight, gradient, rate, t, state, before=0):
    t = t + before
    state["m"] = 0.9 * state.get("m", 0.0) + 0.1 * gradient
    state["v"] = 0.999 * state.get("v", 0.0) + 0.001 * gradient**2
    m, v = state["m"], state["v"]
    rate = rate * np.sqrt(1 - 0.999**t) / (1 - 0.9**t)
    return weight - rate * m / (np.sqrt(v) + 1e-7)


@pytest.mark.parametrize(
    "make, update",
    [
        (lambda: keras.optimizers.SGD(0.1, momentum=0.9, weight_decay=0.01), sgd_by_hand),
        (lambda: keras.optimizers.Adam(0.1), adam_by_hand),
    ],
    ids=["sgd", "adam"],
)
def test_each_layer_moves_with_its_own_rate(make, update):
    start = values(variables())
    trained = train(LayerwiseLearningRates(make(), FACTORS), variables())
    for i, rate in enumerate(RATES.values()):
        expected = by_hand(rate, start[i], GRADIENTS[:, i], update)
        np.testing.assert_allclose(trained[i], expected, rtol=1e-5, atol=1e-6)


def test_each_layer_counts_its_own_updates():
    start = values(variables())
    before = {"early": 0, "middle": 7, "late": 200}
    optimizer = LayerwiseLearningRates(keras.optimizers.Adam(0.1), FACTORS, before)
    trained = train(optimizer, variables())
    for i, (name, rate) in enumerate(RATES.items()):
        expected = by_hand(
            rate,
            start[i],
            GRADIENTS[:, i],
            lambda *arguments, n=name: adam_by_hand(*arguments, before=before[n]),
        )
        np.testing.assert_allclose(trained[i], expected, rtol=1e-4, atol=1e-6)
    assert int(keras.ops.convert_to_numpy(optimizer.iterations)) == STEPS


EVERY = [
    ("SGD", {"momentum": 0.9, "nesterov": True, "weight_decay": 0.1}),
    ("SGD", {"momentum": 0.9, "clipnorm": 0.5, "gradient_accumulation_steps": 2}),
    ("SGD", {"clipvalue": 0.5, "weight_decay": 0.1, "gradient_accumulation_steps": 3}),
    ("Adam", {"amsgrad": True, "weight_decay": 0.1}),
    ("AdamW", {"weight_decay": 0.1}),
    ("Nadam", {"gradient_accumulation_steps": 2}),
    ("RMSprop", {"momentum": 0.9, "centered": True}),
    ("Adagrad", {}),
    ("Adadelta", {}),
    ("Adamax", {}),
    ("Ftrl", {"l1_regularization_strength": 0.1}),
    ("Lion", {"weight_decay": 0.1}),
    ("Lamb", {"weight_decay": 0.1}),
    ("Adafactor", {}),
    ("Muon", {"adam_weight_decay": 0.1, "weight_decay": 0.1}),
    ("ScheduleFreeAdamW", {"warmup_steps": 3}),
]


@pytest.mark.parametrize("kind, options", EVERY, ids=lambda value: str(value))
def test_layers_move_as_with_optimizers_of_their_own(kind, options):
    make = getattr(keras.optimizers, kind)
    trained = train(LayerwiseLearningRates(make(0.1, **options), FACTORS), variables())
    for i, rate in enumerate(RATES.values()):
        alone = train(make(rate, **options), variables()[i : i + 1], slice(i, i + 1))
        np.testing.assert_allclose(trained[i], alone[0], rtol=2e-5, atol=1e-6)
    plain = train(make(0.1, **options), variables())
    wrapped = train(LayerwiseLearningRates(make(0.1, **options), {}), variables())
    np.testing.assert_array_equal(wrapped, plain)


def test_global_norm_is_that_of_all_gradients():
    start = values(variables())
    optimizer = keras.optimizers.SGD(0.1, global_clipnorm=0.5)
    trained = train(LayerwiseLearningRates(optimizer, FACTORS), variables())
    norms = np.sqrt((GRADIENTS.astype("float64") ** 2).sum(axis=(1, 2, 3), keepdims=True))
    clipped = GRADIENTS * np.minimum(1.0, 0.5 / norms)
    for i, rate in enumerate(RATES.values()):
        expected = start[i] - rate * clipped[:, i].sum(axis=0)
        np.testing.assert_allclose(trained[i], expected, rtol=1e-5, atol=1e-6)


def test_schedules_and_new_rates_go_on_underneath():
    schedule = keras.optimizers.schedules.ExponentialDecay(0.1, 1, 0.5)
    start = values(variables())
    optimizer = LayerwiseLearningRates(keras.optimizers.SGD(schedule), FACTORS)
    trained = train(optimizer, variables())
    weights = 0.5 ** np.arange(STEPS)[:, None, None]
    for i, rate in enumerate(RATES.values()):
        expected = start[i] - rate * (weights * GRADIENTS[:, i]).sum(axis=0)
        np.testing.assert_allclose(trained[i], expected, rtol=1e-5, atol=1e-6)
    optimizer = LayerwiseLearningRates(keras.optimizers.SGD(0.5), FACTORS)
    optimizer.learning_rate = 0.1
    np.testing.assert_allclose(float(optimizer.learning_rate), 0.1, rtol=1e-6)


@pytest.mark.traced
def test_saved_and_loaded_within_keras_file_it_trains_on(tmp_path):
    model = network(
        LayerwiseLearningRates(keras.optimizers.Adam(0.1, weight_decay=0.1), FACTORS, {"late": 3})
    )
    fit(model, 2)
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    assert isinstance(loaded.optimizer, LayerwiseLearningRates)
    assert loaded.optimizer.multipliers == FACTORS
    assert loaded.optimizer.previous_updates == {"late": 3}
    assert len(loaded.optimizer.variables) == len(model.optimizer.variables)
    for one, other in zip(values(loaded.optimizer.variables), values(model.optimizer.variables)):
        np.testing.assert_array_equal(one, other)
    for one in (model, loaded):
        fit(one, 1)
    for one, other in zip(values(loaded.variables), values(model.variables)):
        np.testing.assert_allclose(one, other, rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize("callback", [lambda: SGDR(0.2, 1), lambda: PlateauFactor("loss", 0.5, 1)])
@pytest.mark.traced
def test_callbacks_drive_the_rate_of_all(callback):
    model = network(
        LayerwiseLearningRates(keras.optimizers.SGD(0.1, weight_decay=0.1), {"early": 0.0})
    )
    before = values(model.variables)
    history = fit(model, 3, [callback()])
    plain = network(keras.optimizers.SGD(0.1, weight_decay=0.1))
    plain.get_layer("early").trainable = False
    plain.compile(keras.optimizers.SGD(0.1, weight_decay=0.1), "mse")
    expected = fit(plain, 3, [callback()])
    assert history.history["learning_rate"] == expected.history["learning_rate"]
    np.testing.assert_array_equal(values(model.variables)[0], before[0])
    assert not np.array_equal(values(model.variables)[-1], before[-1])
    for one, other in zip(values(model.variables), values(plain.variables)):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-6)


@pytest.mark.traced
def test_loss_scale_goes_around():
    keras.config.set_dtype_policy("mixed_float16")
    try:
        model = network(LayerwiseLearningRates(keras.optimizers.Adam(0.1), {"early": 0.0}))
        assert isinstance(model.optimizer, keras.optimizers.LossScaleOptimizer)
        before = values(model.variables)
        fit(model, 3)
        after = values(model.variables)
    finally:
        keras.config.set_dtype_policy("float32")
    np.testing.assert_array_equal(after[0], before[0])
    assert not np.array_equal(after[-1], before[-1])
    layerwise = model.optimizer.inner_optimizer  # steps that overflow do not reach it
    counts = values([layerwise._iterations, layerwise.inner_optimizer._iterations])
    assert counts[0] == counts[1] > 0


@pytest.mark.parametrize(
    "path, expected",
    [
        ("stem/kernel", 1.0),
        ("stage1_conv/kernel", 0.1),
        ("stage1_conv/bias", 3.0),
        ("stage1_last/kernel", 0.2),
        ("block/stage1_conv/kernel", 0.1),
        ("block/other/kernel", 0.7),
        ("stage1_conv_2/kernel", 0.1),
        ("block/stage1_last/deep/kernel", 0.2),
    ],
)
def test_keys_name_parts_of_paths(path, expected):
    factors = {"stage1_*": 0.1, "stage1_last": 0.2, "bias": 3.0, "block": 0.7}
    assert _by_name.value_of(path, factors, 1.0) == expected


def test_keys_that_contradict_each_other():
    with pytest.raises(ValueError, match="give different values to"):
        _by_name.value_of("stage1/kernel", {"stage*": 0.1, "*age1": 0.2}, 1.0)
    assert _by_name.value_of("stage1/kernel", {"stage*": 0.1, "*age1": 0.1}, 1.0) == 0.1


def test_key_without_effect_raises():
    optimizer = LayerwiseLearningRates("sgd", {"stagee": 0.1, "early": 0.1})
    with pytest.raises(ValueError, match=r"\['stagee'\], which match none of"):
        optimizer.build(variables())


def nested():
    """A functional backbone inside a model, beside a sequential one that is built there."""
    inputs = keras.Input((3,))
    kernel = {"kernel_initializer": "ones", "use_bias": False}
    backbone = keras.Model(
        inputs, keras.layers.Dense(3, name="dense", **kernel)(inputs), name="backbone"
    )
    neck = keras.Sequential([keras.layers.Dense(3, name="dense", **kernel)], name="neck")
    outer = keras.Input((3,))
    head = keras.layers.Dense(3, name="head", **kernel)
    return keras.Model(outer, head(neck(backbone(outer))), name="outer")


@pytest.mark.parametrize(
    "factors, moved",
    [
        ({"backbone": 0.0}, [False, True, True]),
        ({"backbone/dense": 0.0, "head": 0.0}, [False, True, False]),
        ({"neck": 0.0}, [True, False, True]),
        ({"outer": 0.0, "back*/dense/kernel": 1.0}, [True, False, False]),
    ],
)
def test_keys_name_models_inside_the_model(factors, moved, tmp_path):
    model = nested()
    model.compile(LayerwiseLearningRates("sgd", factors, model=model), "mse")

    def moves(model):
        before = model.get_weights()
        model.fit(np.ones((2, 3)), np.zeros((2, 3)), verbose=0)
        return [not np.array_equal(*pair) for pair in zip(model.get_weights(), before)]

    assert moves(model) == moved
    model.save(tmp_path / "model.keras")
    assert moves(keras.saving.load_model(tmp_path / "model.keras")) == moved


def test_the_name_of_a_functional_model_inside_needs_the_model():
    model = nested()
    model.compile(LayerwiseLearningRates("sgd", {"backbone": 0.0}), "mse")
    with pytest.raises(ValueError, match="needs the argument `model`"):
        model.fit(np.ones((2, 3)), np.zeros((2, 3)), verbose=0)
    with pytest.raises(TypeError, match="`model` must be a Keras model or None"):
        LayerwiseLearningRates("sgd", {}, model="backbone")


@pytest.mark.parametrize(
    "error, arguments, message",
    [
        (TypeError, ("sgd", [0.1]), "`multipliers` must be a dict"),
        (TypeError, ("sgd", {1: 0.1}), "names as keys"),
        (ValueError, ("sgd", {"a": -0.1}), r"multipliers\['a'\]"),
        (TypeError, ("sgd", {"a": "0.1"}), r"multipliers\['a'\]"),
        (TypeError, ("sgd", {}, {"a": 0.5}), r"previous_updates\['a'\]"),
        (TypeError, (LayerwiseLearningRates("sgd", {}), {}), "single Keras optimizer"),
        (
            TypeError,
            (keras.optimizers.LossScaleOptimizer(keras.optimizers.SGD()), {}),
            "single Keras optimizer",
        ),
    ],
)
def test_bad_arguments(error, arguments, message):
    with pytest.raises(error, match=message):
        LayerwiseLearningRates(*arguments)
