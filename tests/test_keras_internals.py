"""What the package reads of Keras's private parts: a test of each that says what has changed.

Each test compares with what public Keras shows, or with a value worked out by hand.
"""

import concurrent.futures
import functools
import inspect
import threading

import keras
import numpy as np
import pytest
from keras import ops

from kerasrecipes._backend import keras_internals

CHANGED = f"Keras {keras.__version__} has changed a private part: adapt keras_internals."

# Class: what must be in its body or on its instances.
PARTS = {
    "Layer": ["_flatten_layers", "_trainable_variables", "_non_trainable_variables"]
    + ["_seed_generators"],
    "Model": ["_initial_epoch"],
    "Callback": ["_model"],
    "EarlyStopping": ["_set_monitor_op", "_is_improvement"],
    "Optimizer": ["_iterations", "_learning_rate", "_get_current_learning_rate"]
    + ["_trainable_variables", "_variables", "_var_key", "_backend_update_step"]
    + ["_apply_weight_decay", "_use_weight_decay", "_accumulated_gradients"]
    + ["_model_variables_moving_average"],
}


def network():
    inner = keras.Sequential([keras.Input((3,)), keras.layers.Dropout(0.5, name="drop")])
    return keras.Sequential(
        [keras.Input((3,)), inner, keras.layers.BatchNormalization(), keras.layers.Dense(2)]
    )


def trained(optimizer, **compiling):
    model = network()
    model.compile(optimizer, "mse", **compiling)
    model.fit(np.ones((4, 3)), np.ones((4, 2)), batch_size=2, verbose=0)
    return model


@pytest.fixture(scope="module")
def objects():
    optimizer = keras.optimizers.Adam(use_ema=True, gradient_accumulation_steps=2)
    return {
        "Layer": keras.layers.Dropout(0.5),
        "Model": network(),
        "Callback": keras.callbacks.Callback(),
        "EarlyStopping": keras.callbacks.EarlyStopping(),
        "Optimizer": trained(optimizer).optimizer,
    }


@pytest.mark.parametrize(
    "kind,name", [(kind, name) for kind, names in PARTS.items() for name in names]
)
def test_the_part_exists(objects, kind, name):
    assert hasattr(objects[kind], name), f"{kind} has no {name}. {CHANGED}"


def test_flatten_layers():
    model = network()
    inner, normalization, dense = model.layers
    expected = {id(layer) for layer in (model, inner, *inner.layers, normalization, dense)}
    found = {id(layer) for layer in keras_internals.flatten_layers(model)}
    assert expected <= found, CHANGED
    found = {id(layer) for layer in keras_internals.flatten_layers(model, include_self=False)}
    assert id(model) not in found and id(inner.layers[0]) in found, CHANGED


def test_direct_sublayers():
    model = network()
    found = [id(layer) for layer in keras_internals.direct_sublayers(model)]
    assert {id(layer) for layer in model.layers} <= set(found), CHANGED
    assert id(model.layers[0].layers[0]) not in found, CHANGED


@pytest.mark.parametrize("trainable", [True, False])
def test_own_variables_of_a_layer_do_not_depend_on_trainable(trainable):
    layer = keras.layers.BatchNormalization()
    layer.build((None, 3))
    trains, state = layer.trainable_variables, layer.non_trainable_variables
    layer.trainable = trainable
    assert [id(v) for v in keras_internals.own_trainable_variables(layer)] == list(map(id, trains))
    assert [id(v) for v in keras_internals.own_state_variables(layer)] == list(map(id, state))


def test_replace_moments():
    """Moments of 4 and 9: 3 becomes (3 - 4) / 3; then the layer's own again."""
    layer = keras.layers.BatchNormalization(momentum=0.5, epsilon=0.0)
    x = np.array([[3.0], [5.0]], "float32")
    layer.build(x.shape)
    fixed = ops.convert_to_tensor([4.0]), ops.convert_to_tensor([9.0])
    keras_internals.replace_moments(layer, lambda inputs, mask: fixed)
    found = ops.convert_to_numpy(layer(x, training=True))
    assert np.allclose(found, [[-1 / 3], [1 / 3]]), CHANGED
    assert np.allclose(ops.convert_to_numpy(layer.moving_mean), 2.0), CHANGED
    keras_internals.replace_moments(layer, None)
    assert np.allclose(ops.convert_to_numpy(layer(x, training=True)), [[-1], [1]]), CHANGED


def test_own_seed_generators():
    layer = keras.layers.Dropout(0.5)
    (generator,) = keras_internals.own_seed_generators(layer)
    assert generator is layer.seed_generator, CHANGED
    assert keras_internals.own_seed_generators(keras.layers.Dense(2)) == [], CHANGED


def test_draw_from_state():
    """Unseeded: then the same state gives the same mask, and PyTorch's own generator does not."""
    x, layer = np.ones((4, 64), "float32"), keras.layers.Dropout(0.5)
    layer.build(x.shape)
    state = ops.copy(layer.seed_generator.state)

    def mask(seed):
        keras.utils.set_random_seed(seed)
        layer.seed_generator.state.assign(state)
        return ops.convert_to_numpy(layer(x, training=True)) != 0

    undo = keras_internals.draw_from_state(layer.seed_generator)
    assert np.array_equal(mask(0), mask(1)), CHANGED
    undo()
    if keras.backend.backend() == "torch":
        assert not np.array_equal(mask(0), mask(1)), CHANGED


def test_inbound_calls():
    x = keras.Input((2,), name="input")
    dense = keras.layers.Dense(2, name="dense")
    one = dense(x)
    two = dense(one)
    y = keras.layers.Concatenate(name="join")([x, two])
    layers = keras.Model(x, y).get_config()["layers"]
    found = {
        layer["config"]["name"]: list(keras_internals.inbound_calls(layer)) for layer in layers
    }
    assert found == {
        "input": [],
        "dense": [{("input", 0)}, {("dense", 0)}],
        "join": [{("input", 0), ("dense", 1)}],
    }, CHANGED


def test_outputs_in_graph():
    shared = keras.layers.Dense(3, name="shared")
    x = keras.Input((2,))
    nested = keras.Model(x, shared(x), name="nested")
    keras.Sequential([keras.Input((2,)), nested])  # another model has it first
    model = keras.Sequential([keras.Input((2,)), keras.layers.Identity(), nested])
    outputs = keras_internals.outputs_in_graph(model)
    assert {layer.name for layer in outputs} >= {"nested"}, CHANGED
    assert outputs[nested] is not nested.output, CHANGED
    again = keras.Model(model.inputs, outputs[nested])
    batch = np.ones((1, 2), "float32")
    np.testing.assert_array_equal(again.predict(batch, verbose=0), model.predict(batch, verbose=0))


def test_the_graph_of_a_model_in_another():
    x = keras.Input((2,))
    dense = keras.layers.Dense(3)
    hidden = keras.layers.Identity()(x)
    nested = keras.Model(x, dense(hidden))
    for model in (nested, keras.Sequential([keras.Input((2,)), keras.layers.Identity(), dense])):
        inputs, called = keras.Input((2,)), []

        def call(layer, *args, called=called, **options):
            called.append(layer)
            return layer(*args, **options)

        outputs = keras_internals.run_through_graph(model, inputs, call)
        outputs = keras.tree.flatten(outputs)[0]
        assert called[-1] is dense and len(called) == 2, CHANGED
        again = keras.Model(inputs, outputs)
        assert keras_internals.input_in_graph(again, dense) is not hidden, CHANGED
        batch = np.ones((1, 2), "float32")
        expected = model.predict(batch, verbose=0)
        np.testing.assert_array_equal(again.predict(batch, verbose=0), expected)


def test_calls_are_replaced_within_the_context_alone():
    layer = keras.layers.Dense(2, kernel_initializer="ones", use_bias=False)
    model, x = keras.Sequential([keras.Input((3,)), layer]), np.ones((1, 3), "float32")

    def plus(number):
        return lambda _, call: lambda *args: call(*args) + number

    def answer():
        return float(model(x)[0, 0])

    with keras_internals.calls_replaced([layer, layer], plus(10)):
        assert answer() == 13, CHANGED
        with pytest.raises(RuntimeError), keras_internals.calls_replaced([layer], plus(200)):
            assert answer() == 213, CHANGED
            raise RuntimeError
        assert answer() == 13, CHANGED
    assert answer() == 3 and "call" not in vars(layer), CHANGED


def test_initial_epoch():
    class Skip(keras.callbacks.Callback):
        epochs = ()

        def on_train_begin(self, logs=None):
            keras_internals.set_initial_epoch(self.model, 2)

        def on_epoch_begin(self, epoch, logs=None):
            self.epochs += (epoch,)

    model, skip = trained("sgd"), Skip()
    assert keras_internals.initial_epoch(model) is None, CHANGED
    model.fit(np.ones((4, 3)), np.ones((4, 2)), epochs=4, verbose=0, callbacks=[skip])
    assert skip.epochs == (2, 3), CHANGED
    assert keras_internals.initial_epoch(model) == 2, CHANGED


def test_metric_direction():
    model = trained("sgd", metrics=["mae", keras.metrics.BinaryAccuracy()])
    directions = [
        keras_internals.metric_direction(monitor, model)
        for monitor in ("loss", "val_loss", "mae", "val_binary_accuracy")
    ]
    assert directions == [-1, -1, -1, 1], CHANGED
    with pytest.raises(ValueError, match="unheard_of"):
        keras_internals.metric_direction("unheard_of", model)


@pytest.mark.parametrize("every", [None, 2])
def test_step_counter_counts_batches(every):
    optimizer = trained(keras.optimizers.SGD(gradient_accumulation_steps=every)).optimizer
    counter = keras_internals.step_counter(optimizer)
    assert isinstance(counter, keras.Variable) and int(counter.value) == 2, CHANGED
    assert int(optimizer.iterations) == 2 // (every or 1)


def test_replaced_step_counter_moves_the_bias_correction():
    def step(count):
        optimizer = keras.optimizers.Adam(1.0, epsilon=0.0)
        variable = keras.Variable([0.0])
        optimizer.build([variable])
        if count is None:
            optimizer.apply([ops.ones(1)])
        else:
            counter = keras_internals.step_counter(optimizer)
            keras_internals.replace_step_counter(optimizer, ops.convert_to_tensor(count))
            optimizer.update_step(ops.ones(1), variable, 1.0)
            keras_internals.replace_step_counter(optimizer, counter)
            assert optimizer.iterations is counter, CHANGED
        return float(variable.value[0])

    # m = 0.1 g, v = 0.001 g²; the update is m / (1 - 0.9^t) / sqrt(v / (1 - 0.999^t)).
    assert step(None) == pytest.approx(-1, abs=1e-5), CHANGED
    tenth = -0.1 / (1 - 0.9**10) / np.sqrt(0.001 / (1 - 0.999**10))
    assert step(9) == pytest.approx(tenth, rel=1e-4), CHANGED


def test_rate_or_schedule():
    schedule = keras.optimizers.schedules.ExponentialDecay(0.5, 10, 0.9)
    assert keras_internals.rate_or_schedule(keras.optimizers.SGD(schedule)) is schedule, CHANGED
    own = keras_internals.rate_or_schedule(keras.optimizers.SGD(0.25))
    assert isinstance(own, keras.Variable) and float(own.value) == 0.25, CHANGED


def test_replaced_rate_is_what_trains():
    optimizer, variable = keras.optimizers.SGD(0.25), keras.Variable([0.0])
    optimizer.build([variable])
    assert keras_internals.has_rate(optimizer), CHANGED
    assert not keras_internals.has_rate(object())
    assert keras_internals.replaced_rate(optimizer) is None

    def rate():
        return 4.0

    keras_internals.replace_rate(optimizer, rate)
    assert keras_internals.replaced_rate(optimizer) is rate
    assert float(keras_internals.compiled_rate(optimizer)) == 0.25, CHANGED
    optimizer.apply([ops.ones(1)])
    assert float(variable.value[0]) == -4.0, CHANGED
    keras_internals.replace_rate(optimizer, None)
    optimizer.apply([ops.ones(1)])
    assert float(variable.value[0]) == -4.25, CHANGED


def test_optimized_variables_come_in_the_order_of_the_slots():
    optimizer = keras.optimizers.SGD(momentum=0.5)
    variables = [keras.Variable(np.zeros(shape), name=f"v{shape}") for shape in (1, 2, 3)]
    optimizer.build(variables)
    found = keras_internals.optimized_variables(optimizer)
    assert [id(v) for v in found] == [id(v) for v in variables], CHANGED
    assert [v.shape for v in optimizer.momentums] == [(1,), (2,), (3,)]


def test_set_optimized_variables_keeps_them_out_of_the_optimizers_own():
    optimizer, variable = keras.optimizers.SGD(), keras.Variable([0.0])
    keras_internals.set_optimized_variables(optimizer, [variable])
    assert keras_internals.optimized_variables(optimizer) == [variable]
    assert all(v is not variable for v in optimizer.variables), CHANGED


def test_own_variables_of_an_optimizer_leave_the_inner_one_out():
    inner = keras.optimizers.SGD(momentum=0.5)
    outer = keras.optimizers.LossScaleOptimizer(inner)
    outer.build([keras.Variable([0.0])])
    own = {id(v) for v in keras_internals.own_variables(outer)}
    assert own and not own & {id(v) for v in inner.variables}, CHANGED
    alone = keras_internals.own_variables(inner)
    assert [id(v) for v in alone] == [id(v) for v in inner.variables], CHANGED


def test_variable_key_tells_variables_apart():
    one, other = keras.Variable([0.0]), keras.Variable([0.0])
    optimizer = keras.optimizers.SGD()
    keys = [keras_internals.variable_key(optimizer, v) for v in (one, one, other)]
    assert keys[0] == keys[1] != keys[2], CHANGED


@pytest.mark.parametrize("every", [None, 2])
def test_replaced_update_step_is_called_with_gradients_variables_and_rate(every):
    optimizer = keras.optimizers.SGD(0.5, gradient_accumulation_steps=every)
    variable, plain = keras.Variable([0.0]), keras_internals.update_step(optimizer)
    assert list(inspect.signature(plain).parameters)[0] == "self", CHANGED
    optimizer.build([variable])

    def ten_times(gradients, variables, rate):
        plain(optimizer, gradients, variables, rate * 10)

    keras_internals.replace_update_step(optimizer, ten_times)
    for _ in range(every or 1):
        optimizer.apply([ops.ones(1)], [variable])
    assert float(variable.value[0]) == -5.0, CHANGED


def test_replaced_weight_decay_step_is_called_with_variables():
    optimizer = keras.optimizers.SGD(0.5, weight_decay=0.1)
    one, other = (keras.Variable([1.0], name=name) for name in ("one", "other"))
    plain = keras_internals.weight_decay_step(optimizer)
    optimizer.build([one, other])

    def only_the_first(variables):
        plain(optimizer, list(variables)[:1])

    keras_internals.replace_weight_decay_step(optimizer, only_the_first)
    optimizer.apply([ops.zeros(1), ops.zeros(1)], [one, other])
    assert float(one.value[0]) == pytest.approx(0.95), CHANGED
    assert float(other.value[0]) == 1.0, CHANGED


def test_decays():
    optimizer = keras.optimizers.SGD(0.5, weight_decay=0.1)
    one, other = (keras.Variable([1.0], name=name) for name in ("one", "other"))
    optimizer.exclude_from_weight_decay([one])
    optimizer.build([one, other])
    assert not keras_internals.decays(optimizer, one), CHANGED
    assert keras_internals.decays(optimizer, other), CHANGED


def test_names_of_what_is_no_slot():
    optimizer = keras.optimizers.SGD(momentum=0.5, use_ema=True, gradient_accumulation_steps=2)
    optimizer.build([keras.Variable([1.0])])
    names = (keras_internals.ACCUMULATED_GRADIENTS, keras_internals.MOVING_AVERAGES)
    for name in (*names, *keras_internals.NOT_SLOTS):
        assert len(vars(optimizer)[name]) > 0, f"{name}: {CHANGED}"
    lists = {
        name
        for name, value in vars(optimizer).items()
        if isinstance(value, list) and any(isinstance(v, keras.Variable) for v in value)
    }
    assert lists == {"momentums", *names, *keras_internals.NOT_SLOTS}, CHANGED


def test_logs_of_fit_are_those_of_the_last_step():
    seen, given = [], []

    class Look(keras.callbacks.Callback):
        def on_train_batch_begin(self, batch, logs=None):
            seen.append(keras_internals.logs_of_fit(self._model))

        def on_train_batch_end(self, batch, logs=None):
            given.append(logs["loss"])

    model = network()
    model.compile("sgd", "mse")
    model.fit(np.ones((6, 3)), np.ones((6, 2)), batch_size=2, verbose=0, callbacks=[Look()])
    assert len(seen) == 3 and seen[1] is not seen[2], CHANGED
    assert [float(logs["loss"]) for logs in seen[1:]] == given[:2], CHANGED
    assert keras_internals.logs_of_fit(model) is None


def test_locals_of_fit_are_its_arguments_also_from_another_thread():
    seen, x = [], np.ones((6, 3))

    class Look(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            look = functools.partial(keras_internals.locals_of_fit, self.model)
            with concurrent.futures.ThreadPoolExecutor(1) as pool:
                there = pool.submit(look, threading.get_ident()).result()
                seen.extend([look(), there, pool.submit(look).result()])

    model = network()
    model.compile("sgd", "mse")
    model.fit(x, np.ones((6, 2)), batch_size=2, verbose=0, callbacks=[Look()])
    here, there, elsewhere = seen
    for arguments in (here, there):
        assert arguments["x"] is x and arguments["batch_size"] == 2, CHANGED
        assert arguments["validation_data"] is None and arguments["steps_per_epoch"] is None
    assert elsewhere == {} == keras_internals.locals_of_fit(model)


def test_running_fits_are_those_of_this_thread_from_the_innermost_one():
    models, seen = [network(), network()], []

    class Look(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            if self.model is models[0]:
                train(models[1])
            seen.append([model for model, params in keras_internals.running_fits()])
            assert next(keras_internals.running_fits())[1] is self.params, CHANGED

    def train(model):
        model.compile("sgd", "mse", run_eagerly=True)
        model.fit(np.ones((4, 3)), np.ones((4, 2)), verbose=0, callbacks=[Look()])

    train(models[0])
    inner, outer = seen
    assert inner[0] is models[1] and inner[1] is models[0], CHANGED
    assert len(inner) == 2 and len(outer) == 1 and outer[0] is models[0], CHANGED
    assert not [*keras_internals.running_fits()]


def test_loss_scale_optimizer_leaves_its_own_counter_at_zero():
    optimizer = keras.optimizers.LossScaleOptimizer(keras.optimizers.SGD(0.1), initial_scale=2.0)
    model = trained(optimizer)
    assert int(optimizer.iterations) == 2
    assert int(keras_internals.step_counter(model.optimizer)) == 0, CHANGED
    counter = keras_internals.step_counter(optimizer)
    assert any(variable is counter for variable in optimizer.variables), CHANGED


def test_fit_begins_a_batch_that_never_comes():
    tf = pytest.importorskip("tensorflow")
    x = np.zeros((6, 2), "float32")
    unknown = tf.data.Dataset.from_tensor_slices((x, x)).batch(2).filter(lambda x, y: True)
    model, begun = keras.Sequential([keras.Input((2,)), keras.layers.Dense(2)]), []
    model.compile("sgd", "mse")
    count = keras.callbacks.LambdaCallback(on_train_batch_begin=lambda n, logs: begun.append(n))
    model.fit(unknown, callbacks=[count], verbose=0)
    assert len(begun) == 3 + keras_internals.asks_for_one_more(model)


def test_locals_of_fit_are_those_of_fit_lbfgs_too():
    def fit_lbfgs(model, x):
        return keras_internals.locals_of_fit(model)["x"]

    model = network()
    assert fit_lbfgs(model, 5) == 5
    assert keras_internals.locals_of_fit(model) == {}


def test_compile_options_are_those_that_were_given():
    model, loss = network(), keras.losses.MeanSquaredError()
    model.compile("sgd", {"a": loss}, loss_weights={"a": 2.0}, run_eagerly=True)
    options = keras_internals.compile_options(model)
    assert options["loss"]["a"] is loss and options["loss_weights"] == {"a": 2.0}, CHANGED
    assert options["run_eagerly"] is True, CHANGED


def test_calls_before_an_output_go_back_to_where_paths_join():
    inner = keras.Sequential([keras.Input((3,)), keras.layers.Dense(4, name="inner")])
    inputs = keras.Input((3,))
    joined = keras.layers.Add(name="joined")([inputs, keras.layers.Dense(3)(inputs)])
    outputs = keras.layers.Softmax(name="last")(inner(joined))
    names = [layer.name for layer in keras_internals.calls_before(outputs)]
    assert names[:2] == ["last", "inner"], CHANGED
    plain = keras.Sequential([inputs, keras.layers.Dense(2, name="first"), keras.layers.ReLU()])
    names = [layer.name for layer in keras_internals.calls_before(plain.outputs[0])]
    assert names[1] == "first" and len(names) == 3, CHANGED


def test_a_py_dataset_goes_on_after_an_epoch_that_was_ended():
    class Endless(keras.utils.PyDataset):
        num_batches, taken = None, []

        def __getitem__(self, index):
            self.taken.append(index)
            return np.zeros((2, 3), "float32"), np.zeros((2, 2), "float32")

    class EndFirst(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            self.model.stop_training = self.model.stop_training is None

        def on_epoch_end(self, epoch, logs=None):
            if self.model.stop_training:
                self.model.stop_training = False
                keras_internals.end_epoch_of_data(self.model)

    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)])
    model.compile("sgd", "mse", run_eagerly=True)
    first = keras.callbacks.LambdaCallback(
        on_train_begin=lambda logs: setattr(model, "stop_training", None)
    )
    history = model.fit(
        Endless(), steps_per_epoch=3, epochs=3, callbacks=[first, EndFirst()], verbose=0
    )
    assert len(history.epoch) == 3, CHANGED
