"""All private attributes of Keras that the package uses, each with the reason.

`tests/test_keras_internals.py` tests each: run it first for a new version of Keras.
"""

import contextlib
import functools
import sys

import keras

_RATE = "_get_current_learning_rate"
_COUNTER = "_iterations"

# Attributes of an optimizer in which lists of variables are not slots.
NOT_SLOTS = ("_variables", "_trainable_variables")
# Slots with the unfinished state of gradient accumulation or of weight averaging.
ACCUMULATED_GRADIENTS = "_accumulated_gradients"
MOVING_AVERAGES = "_model_variables_moving_average"


# Layers and models


def flatten_layers(layer, include_self=True):
    """Return all nested layers. The public `layers` has one level, and only models have it."""
    return layer._flatten_layers(include_self=include_self)


def direct_sublayers(layer):
    """Return the direct sublayers of a layer or model. Only models have the public `layers`."""
    return layer._flatten_layers(include_self=False, recursive=False)


def own_trainable_variables(layer):
    """Return a layer's own trainable variables. The public list is empty for frozen layers."""
    return list(layer._trainable_variables)


def own_state_variables(layer):
    """Return a layer's own non-trainable variables. The public list adds frozen weights."""
    return list(layer._non_trainable_variables)


def own_seed_generators(layer):
    """Return a layer's own seed generators. There is no public list per layer."""
    return list(layer._seed_generators)


def draw_from_state(seed_generator):
    """Let PyTorch's `dropout` draw from the state of a seed generator; return how to undo it.

    It asks the private seed whether one was given, and draws from PyTorch's own generator if not:
    that one is the same in all processes.
    """
    seed = seed_generator._initial_seed
    if seed is None:
        seed_generator._initial_seed = 0  # which number, nobody asks
    return functools.partial(setattr, seed_generator, "_initial_seed", seed)


def replace_moments(layer, function):
    """Make a `BatchNormalization` call `function(inputs, mask)` for mean and variance.

    `None` gives it its own again. Its public `synchronized` raises on PyTorch.
    """
    if function is None:
        del layer._moments
    else:
        layer._moments = function


def inbound_calls(layer_config):
    """Yield, for each call of a layer, the set of (layer name, number of the call) that it uses.

    It reads `model.get_config()["layers"][i]`: the file format is the only description of the graph
    that is stable between versions of Keras; nodes and histories in memory are private.
    """
    for node in layer_config["inbound_nodes"]:
        yield set(_histories(node))


def _histories(node):
    if isinstance(node, dict) and node.get("class_name") == "__keras_tensor__":
        name, number, _ = node["config"]["keras_history"]
        yield name, number
    elif isinstance(node, (dict, list, tuple)):
        for part in node.values() if isinstance(node, dict) else node:
            yield from _histories(part)


def outputs_in_graph(model):
    """Return {layer: its output} in the graph of a functional or sequential model.

    The public `layer.output` belongs to the layer's first call: for a nested model, or a layer that
    is also in another model, this is another graph. For a layer called twice, it is the first call.
    """
    nodes_by_depth, outputs = keras.Model(model.inputs, model.outputs)._nodes_by_depth, {}
    for depth in sorted(nodes_by_depth, reverse=True):  # from the inputs on
        for node in nodes_by_depth[depth]:
            tensors = node.output_tensors
            outputs.setdefault(node.operation, tensors[0] if len(tensors) == 1 else tensors)
    return outputs


def replace_call(layer, function):
    """Let a layer call `function` in place of its own `call`, past the tracking of attributes."""
    object.__setattr__(layer, "call", function)


@contextlib.contextmanager
def calls_replaced(layers, replacement):
    """Within the context, each layer calls `replacement(layer, call)` in place of its `call`.

    After it, each has what it had before: the `call` of its class, or that of an outer context.
    """
    before = {id(layer): (layer, vars(layer).get("call")) for layer in layers}
    try:
        for layer, _ in before.values():
            replace_call(layer, replacement(layer, layer.call))
        yield
    finally:
        for layer, call in before.values():
            if call is not None:
                replace_call(layer, call)
            elif "call" in vars(layer):
                object.__delattr__(layer, "call")


def input_in_graph(model, layer):
    """Return the first input of a layer's first call in the graph of a functional model.

    The public `layer.input` is that of the layer's first call in any graph.
    """
    nodes = [node for nodes in model._nodes_by_depth.values() for node in nodes]
    return next(node.input_tensors[0] for node in nodes if node.operation is layer)


def run_through_graph(model, inputs, call):
    """Return the outputs of a functional or sequential model for symbolic inputs.

    Each layer is called by `call(layer, *arguments, **options)`. The public `clone_model` does not
    connect what a `call_function` of nested models returns.
    """
    graph = getattr(model, "_functional", None) or model
    return graph._run_through_graph(inputs, operation_fn=lambda layer: layer, call_fn=call)


def compile_options(model):
    """Return the arguments of `compile` as they were given. `get_compile_config` has their JSON."""
    return dict(model._compile_config.config)


def calls_before(tensor):
    """Yield the operations that lead to an output of a functional model, the last one first.

    It goes back while each has a single input, and into nested models. The history of a tensor has
    no public name.
    """
    while True:
        operation, node_index, tensor_index = tensor._keras_history
        outputs = getattr(operation, "outputs", None)
        if isinstance(operation, keras.Model) and outputs:
            yield from calls_before(outputs[tensor_index])
        else:
            yield operation
        if not operation._inbound_nodes:
            return
        inputs = operation._inbound_nodes[node_index].input_tensors
        if len(inputs) != 1:
            return
        (tensor,) = inputs


# fit and callbacks


def initial_epoch(model):
    """Return the epoch at which the next `fit` begins regardless of its arguments, or `None`."""
    return model._initial_epoch


def set_initial_epoch(model, epoch):
    """Let the running `fit` begin at `epoch` (as `BackupAndRestore` does); `None` clears it.

    A callback has no public way to skip epochs that were trained before.
    """
    model._initial_epoch = epoch


def end_epoch_of_data(model):
    """Tell the data of the running `fit` that an epoch is over, which `stop_training` has ended.

    Keras tells them after a last batch only, and a `PyDataset` refuses to begin another epoch
    before. One with workers of its own still does: they would begin again at the first batch.
    """
    iterator = locals_of_fit(model).get("epoch_iterator")
    adapter = getattr(iterator, "data_adapter", None)
    if adapter is not None and getattr(adapter, "enqueuer", None) is None:
        adapter.on_epoch_end()


def locals_of_fit(model, thread=None):
    """Return arguments and variables of the running `fit` of a model, {} if none runs.

    Keras does not tell callbacks what `fit` was called with; the arguments have their public names.
    `optimizers.fit_lbfgs`, which calls the same callbacks, counts as `fit`.

    Args:
        model: the model.
        thread: identifier of the thread in which `fit` runs; `None` is this one.
    """
    frame = sys._getframe() if thread is None else sys._current_frames().get(thread)
    while frame is not None:
        owner = {"fit": "self", "fit_lbfgs": "model"}.get(frame.f_code.co_name)
        if owner and frame.f_locals.get(owner) is model:
            return frame.f_locals
        frame = frame.f_back
    return {}


def running_fits():
    """Yield (model, parameters of the callbacks) of each `fit` of this thread, innermost first.

    Keras does not tell callbacks that their `fit` was called by a callback of another one.
    """
    frame = sys._getframe()
    while frame is not None:
        if frame.f_code.co_name == "fit":
            params = getattr(frame.f_locals.get("callbacks"), "params", None)
            if isinstance(params, dict):
                yield frame.f_locals.get("self"), params
        frame = frame.f_back


def logs_of_fit(model):
    """Return the logs of the last step of the running `fit` of a model, `None` if there are none.

    Keras begins a batch before it knows whether data of unknown length have one. That there was
    none shows in these, or in an `on_train_batch_end` that does not come: but for callbacks that
    have that, Keras waits for the result of each step.
    """
    return locals_of_fit(model).get("logs")


def metric_direction(monitor, model):
    """Return 1 if a larger value of a metric is better, -1 if a smaller one is.

    Keras knows the direction of its metrics, but only its own callbacks can read it.

    Raises:
        ValueError: if Keras cannot tell.
    """
    judge = keras.callbacks.EarlyStopping(monitor, mode="auto")
    judge.set_model(model)
    judge._set_monitor_op()
    return 1 if judge._is_improvement(1.0, 0.0) else -1


# Optimizers


def step_counter(optimizer):
    """Return the variable that counts batches. The public `iterations` counts updates."""
    return getattr(optimizer, _COUNTER)


def replace_step_counter(optimizer, count):
    """Make updates read another count of batches, as the bias correction has no other source.

    Set without attribute tracking, because the count may be a tensor.
    """
    vars(optimizer)[_COUNTER] = count


def rate_or_schedule(optimizer):
    """Return the learning rate's variable or schedule. The public property is the current value."""
    return optimizer._learning_rate


def has_rate(optimizer):
    """Return whether the learning rate of an optimizer can be replaced by `replace_rate`."""
    return hasattr(optimizer, _RATE)


def compiled_rate(optimizer):
    """Return the learning rate of the optimizer itself, even if it is replaced."""
    return getattr(type(optimizer), _RATE)(optimizer)


def replaced_rate(optimizer):
    """Return the function set by `replace_rate`, or `None`."""
    return vars(optimizer).get(_RATE)


def replace_rate(optimizer, function):
    """Make the optimizer use `function()` as its learning rate; `None` restores its own rate.

    Assigning a schedule to the public `learning_rate` would remove a variable from the optimizer
    for good, so that its saved state no longer matches.
    """
    if function is None:
        vars(optimizer).pop(_RATE, None)
    else:
        vars(optimizer)[_RATE] = function


def replace_apply(optimizer, apply, stateless_apply):
    """Let a model's step call these methods of an optimizer; `None` gives back those of its class.

    Past the tracking of attributes. `LossScaleOptimizer` keeps the counter of `step_counter` and
    never changes it: it answers with the inner optimizer's, which leaves skipped batches out.
    """
    for name, function in (("apply", apply), ("stateless_apply", stateless_apply)):
        if function is None:
            vars(optimizer).pop(name, None)
        else:
            vars(optimizer)[name] = function


def optimized_variables(optimizer):
    """Return the model's variables that an optimizer was built for, in the order of its slots."""
    return list(optimizer._trainable_variables)


def set_optimized_variables(optimizer, variables):
    """Set the variables that `apply(grads)` updates, for an optimizer with its own `build`.

    Set without attribute tracking: the model's variables do not belong to the optimizer.
    """
    vars(optimizer)["_trainable_variables"] = list(variables)


def own_variables(optimizer):
    """Return the variables of an optimizer without those of an inner optimizer, for saving."""
    return list(optimizer._variables)


def variable_key(optimizer, variable):
    """Return the key of a model's variable. On TensorFlow a variable may be two objects."""
    return optimizer._var_key(variable)


def update_step(optimizer):
    """Return the class's function (optimizer, gradients, variables, rate) for one update.

    The public `update_step` is per variable, and `apply` has one rate for all variables.
    """
    return type(optimizer)._backend_update_step


def replace_update_step(optimizer, function):
    """Make the optimizer call `function(gradients, variables, rate)` for an update."""
    optimizer._backend_update_step = function


def weight_decay_step(optimizer):
    """Return the class's function (optimizer, variables) that decays weights at its rate."""
    return type(optimizer)._apply_weight_decay


def replace_weight_decay_step(optimizer, function):
    """Make the optimizer call `function(variables)` to decay weights."""
    optimizer._apply_weight_decay = function


def decays(optimizer, variable):
    """Return whether a variable decays. `exclude_from_weight_decay` has no public getter."""
    return optimizer._use_weight_decay(variable)


def asks_for_one_more(model):
    """Return whether `fit` begins a batch that never comes where the length of data is unknown.

    On TensorFlow and JAX the compiled step takes the batch, after `on_train_batch_begin`; on
    PyTorch the loop does, before. Of an execution of several steps, some may come.
    """
    return keras.backend.backend() != "torch" and model.steps_per_execution == 1
