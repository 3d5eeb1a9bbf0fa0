"""Every private attribute of Keras that the package uses, each with the reason why.

`tests/test_keras_internals.py` holds a test of each: run it first when Keras has a new version.
"""

import keras

_RATE = "_get_current_learning_rate"
_COUNTER = "_iterations"

# Attributes of an optimizer in which lists of variables are not slots.
NOT_SLOTS = ("_variables", "_trainable_variables")
# Slots that belong to an accumulation group, or an average, that is under way.
ACCUMULATED_GRADIENTS = "_accumulated_gradients"
MOVING_AVERAGES = "_model_variables_moving_average"


# Layers and models


def flatten_layers(layer, include_self=True):
    """The layers inside a layer or model, at any depth. `layers` is one level, of models only."""
    return layer._flatten_layers(include_self=include_self)


def direct_sublayers(layer):
    """The layers that a layer or model holds, one level down. Only models have `layers`."""
    return layer._flatten_layers(include_self=False, recursive=False)


def own_trainable_variables(layer):
    """Variables made as trainable, sublayers aside. The public list is empty in frozen layers."""
    return list(layer._trainable_variables)


def own_state_variables(layer):
    """Variables made as not trainable, sublayers aside. The public list adds the frozen ones."""
    return list(layer._non_trainable_variables)


def own_seed_generators(layer):
    """What a layer draws from, sublayers aside. No public list tells the layer of a generator."""
    return list(layer._seed_generators)


def inbound_calls(layer_config):
    """Yield, for each call of a layer, the set of (layer's name, its call) whose outputs it takes.

    Read from `model.get_config()["layers"][i]`: the format of the file is the only description of
    the graph that Keras keeps from version to version; nodes and histories in memory are private.
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

    Public `layer.output` is that of the layer's first call: for a nested model, or a layer that
    another model has too, it is in another graph. Of a layer called twice, the first call counts.
    """
    nodes_by_depth, outputs = keras.Model(model.inputs, model.outputs)._nodes_by_depth, {}
    for depth in sorted(nodes_by_depth, reverse=True):  # from the inputs on
        for node in nodes_by_depth[depth]:
            tensors = node.output_tensors
            outputs.setdefault(node.operation, tensors[0] if len(tensors) == 1 else tensors)
    return outputs


# fit and callbacks


def initial_epoch(model):
    """The epoch at which the next `fit` begins whatever its argument says, or `None`."""
    return model._initial_epoch


def set_initial_epoch(model, epoch):
    """Let the running `fit` begin at `epoch` (as `BackupAndRestore` does); `None` clears it.

    A callback has no public way to skip epochs that were trained before.
    """
    model._initial_epoch = epoch


def raw_model(callback):
    """A callback's model as it is. The public `model` copies all weights back from JAX."""
    return callback._model


def metric_direction(monitor, model):
    """Return 1 if more of a metric is better, -1 if less is.

    Keras knows the direction of its metrics and tells it only to its own callbacks.

    Raises:
        ValueError: if Keras cannot tell.
    """
    judge = keras.callbacks.EarlyStopping(monitor, mode="auto")
    judge.set_model(model)
    judge._set_monitor_op()
    return 1 if judge._is_improvement(1.0, 0.0) else -1


# Optimizers


def step_counter(optimizer):
    """The variable that counts batches. Public `iterations` counts updates, often as a tensor."""
    return getattr(optimizer, _COUNTER)


def replace_step_counter(optimizer, count):
    """Let an update read another count of batches: the bias correction takes it from nowhere else.

    Past the tracking of attributes: the count may be a tensor.
    """
    vars(optimizer)[_COUNTER] = count


def rate_or_schedule(optimizer):
    """The rate's variable or schedule. Public `learning_rate` is the schedule's present value."""
    return optimizer._learning_rate


def has_rate(optimizer):
    """Whether an optimizer answers with a rate that can be replaced by `replace_rate`."""
    return hasattr(optimizer, _RATE)


def compiled_rate(optimizer):
    """The rate that the optimizer was made with, whatever has replaced it."""
    return getattr(type(optimizer), _RATE)(optimizer)


def replaced_rate(optimizer):
    """What has been put in by `replace_rate`, or `None`."""
    return vars(optimizer).get(_RATE)


def replace_rate(optimizer, function):
    """Let the optimizer ask `function()` for its rate; `None` gives back the rate it was made with.

    Assigning a schedule to the public `learning_rate` removes a variable from the optimizer, so
    that its saved state no longer fits, and nothing brings the variable back.
    """
    if function is None:
        vars(optimizer).pop(_RATE, None)
    else:
        vars(optimizer)[_RATE] = function


def optimized_variables(optimizer):
    """The model's variables that an optimizer was built for, in the order of its slots."""
    return list(optimizer._trainable_variables)


def set_optimized_variables(optimizer, variables):
    """Set them for an optimizer that has its own `build`: `apply(grads)` reads them.

    Past the tracking of attributes: the model's variables are not the optimizer's.
    """
    vars(optimizer)["_trainable_variables"] = list(variables)


def own_variables(optimizer):
    """Variables of an optimizer without those of an inner one, for its own way of saving."""
    return list(optimizer._variables)


def variable_key(optimizer, variable):
    """What identifies a model's variable, which on TensorFlow arrives as one of two objects."""
    return optimizer._var_key(variable)


def update_step(optimizer):
    """The class's function (optimizer, gradients, variables, rate) of one update.

    `update_step` and `apply` are public, but per variable and for all groups at one rate.
    """
    return type(optimizer)._backend_update_step


def replace_update_step(optimizer, function):
    """Let the optimizer call `function(gradients, variables, rate)` for an update."""
    optimizer._backend_update_step = function


def weight_decay_step(optimizer):
    """The class's function (optimizer, variables) that decays weights at the rate of the moment."""
    return type(optimizer)._apply_weight_decay


def replace_weight_decay_step(optimizer, function):
    """Let the optimizer call `function(variables)` to decay weights."""
    optimizer._apply_weight_decay = function


def decays(optimizer, variable):
    """Whether a variable decays. `exclude_from_weight_decay` can be told, not asked."""
    return optimizer._use_weight_decay(variable)
