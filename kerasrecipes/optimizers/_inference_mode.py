"""Whether a model is the same function at each evaluation, and what it leaves out for that."""

import numpy as np
from keras import ops, tree

from kerasrecipes._backend.keras_internals import flatten_layers, own_seed_generators
from kerasrecipes._warning import warn

ROWS = 2
SHORT_DTYPES = ("float16", "bfloat16")
TOLERANCE = 1e-5


def check_inference(model, chunks):
    """Raise unless the model computes the same twice; warn of layers that training would change.

    Runs the model on the first two rows, which builds it. All of its state stays as it was.
    """
    x, y, weight = chunks.first_rows(ROWS)
    try:
        outputs = model(x, training=False)
        model.compute_loss(x=x, y=y, y_pred=outputs, sample_weight=weight, training=False)
    except Exception as error:  # each backend has its own for shapes that do not fit
        raise ValueError(
            "Arguments `x`, `y` and `sample_weight` must fit the model and its loss, which failed "
            f"on the first {ROWS} rows. Received: {type(error).__name__}: {error}"
        ) from error
    _check_dtypes(model)
    changed, again = _changes(model, x, training=False)
    if changed:
        raise ValueError(
            "L-BFGS needs a model that computes the same at each evaluation. These layers draw "
            "random numbers or change their state even with `training=False`. Received: "
            f"{_names(changed, _owners_of_seeds(model))}"
        )
    if not _are_close(model(x, training=False), again):
        raise ValueError(
            "L-BFGS needs a model that computes the same at each evaluation. Received: a model "
            "whose outputs differ between two calls with `training=False`"
        )
    _warn_of_training_mode(model, x)


def _check_dtypes(model):
    layers = [layer for layer in flatten_layers(model) if layer.compute_dtype in SHORT_DTYPES]
    if layers:
        raise ValueError(
            "L-BFGS compares losses more exactly than half precision allows: build the model in "
            f"float32 or float64. Received: layer {layers[-1].name!r} with compute dtype "
            f"{layers[-1].compute_dtype}"
        )


def _warn_of_training_mode(model, x):
    changed, outputs = _changes(model, x, training=True)
    _, again = _changes(model, x, training=True)
    seeds = _owners_of_seeds(model)
    noise = _names([v for v in changed if id(v) in seeds], seeds)
    if not noise and not _are_close(outputs, again):  # PyTorch's dropout has no seed to change
        noise = ", ".join(dict.fromkeys(seeds.values())) or "layers without a seed generator"
    statistics = _names([v for v in changed if id(v) not in seeds], seeds)
    if noise:
        warn(
            f"L-BFGS switches off the noise of {noise}: the loss must be the same at each "
            "evaluation. Regularize by `kernel_regularizer` instead."
        )
    if statistics:
        warn(f"L-BFGS uses {statistics} in inference mode: their moving statistics do not change.")


def _changes(model, x, training):
    """Return the variables that a call changes, and its outputs; restores them."""
    variables = model.non_trainable_variables
    before = [np.array(ops.convert_to_numpy(variable)) for variable in variables]
    outputs = model(x, training=training)
    changed = []
    for variable, old in zip(variables, before):
        if not np.array_equal(old, ops.convert_to_numpy(variable), equal_nan=old.dtype.kind == "f"):
            changed.append(variable)
            variable.assign(old)
    return changed, outputs


def _owners_of_seeds(model):
    """Return {id of the state of a seed generator: name of its layer}."""
    return {
        id(generator.state): layer.name
        for layer in flatten_layers(model)
        for generator in own_seed_generators(layer)
    }


def _names(variables, seeds):
    """Return the names of the layers of variables, once each."""
    return ", ".join(dict.fromkeys(seeds.get(id(v)) or _layer_of(v) for v in variables))


def _layer_of(variable):
    return variable.path.rpartition("/")[0].rpartition("/")[2] or variable.path


def _are_close(outputs, others):
    pairs = zip(tree.flatten(outputs), tree.flatten(others))
    return all(
        np.allclose(
            ops.convert_to_numpy(one), ops.convert_to_numpy(other), TOLERANCE, TOLERANCE, True
        )
        for one, other in pairs
    )
