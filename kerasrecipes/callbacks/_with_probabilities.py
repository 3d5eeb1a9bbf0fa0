"""A model of logits as one of probabilities: what each output needs, by its loss."""

import re

import keras

ENTROPY = re.compile(r"(binary|categorical)(_focal)?_cross_?entropy")
HINGE = re.compile("(categorical|multiclass)_hinge")


def takes_logits(loss):
    """Return whether a loss is one of Keras's classes with `from_logits=True`."""
    return isinstance(loss, keras.losses.Loss) and bool(loss.get_config().get("from_logits", False))


def with_probabilities(member, trained):
    """Return `member`, a model like `trained`, with a softmax or sigmoid behind its logits."""
    layers = [
        name and keras.layers.Activation(name, dtype="float32")
        for name in output_activations(trained)
    ]
    if not getattr(member, "inputs", None):
        model = keras.Sequential([member, *layers])
        model.build(trained.get_build_config()["input_shape"])
        return model
    inputs = member.inputs[0] if len(member.inputs) == 1 else member.input
    outputs = member(inputs)
    flat = zip(keras.tree.flatten(outputs), layers, strict=True)
    flat = [tensor if layer is None else layer(tensor) for tensor, layer in flat]
    return keras.Model(inputs, keras.tree.pack_sequence_as(outputs, flat))


def loss_in_doubt(model):
    """Return the name of a loss that does not tell the softmax of a single output, or `None`.

    Scores of a hinge loss are of classes that exclude each other, as those of a crossentropy.
    """
    if len(model.outputs) > 1 or model.outputs[0].shape[-1] == 1:
        return None
    (loss,) = _losses_of_outputs(model, 1)
    if ENTROPY.search(_name(loss)) or HINGE.search(_name(loss)):
        return None
    is_named = loss is None or isinstance(loss, str)
    return str(loss) if is_named else getattr(loss, "__name__", type(loss).__name__)


def output_activations(model):
    """Return "softmax", "sigmoid" or `None` for each output of a built model, in flat order.

    A single output of several units has a softmax, unless its loss is a binary crossentropy.

    Raises:
        ValueError: if the losses of several outputs do not tell which.
    """
    if getattr(model, "outputs", None):
        units = [output.shape[-1] for output in model.outputs]
    else:
        shape = model.get_build_config()["input_shape"]
        outputs = keras.tree.flatten(model(keras.Input(batch_shape=shape)))
        if len(outputs) > 1:
            raise ValueError(
                "Argument `from_logits` must be False for a subclassed model of several outputs: "
                "let it end in probabilities. Received: from_logits=True"
            )
        units = [outputs[0].shape[-1]]
    losses = _losses_of_outputs(model, len(units))
    return [_activation(*one, len(units) == 1) for one in zip(losses, units, strict=True)]


def _losses_of_outputs(model, count):
    loss = model.loss
    if isinstance(loss, dict):
        names = list(getattr(model, "output_names", [None]))
        structure = getattr(model, "output", None)
        keys = sorted(structure) if isinstance(structure, dict) else names
        if count == 1:
            return list(loss.values())
        return [loss.get(key, loss.get(name)) for key, name in zip(keys, names, strict=True)]
    return list(loss) if isinstance(loss, (list, tuple)) else [loss] * count


def _activation(loss, units, is_alone):
    """Return what makes probabilities of an output, or `None` where it is none of logits."""
    found = ENTROPY.search(_name(loss))
    if found and (is_alone or takes_logits(loss)):
        return "sigmoid" if found[1] == "binary" or units == 1 else "softmax"
    if is_alone:
        return "sigmoid" if units == 1 else "softmax"
    if _is_known(loss):
        return None  # an output of numbers, or of probabilities already
    raise ValueError(
        "Argument `from_logits=True` needs a loss that tells a softmax from a sigmoid, and logits "
        "from numbers: a binary or categorical crossentropy of Keras for each output of logits. "
        f"Received: loss={loss!r} for an output of {units} units"
    )


def _name(loss):
    """Return the name of what a loss computes, not what it was named."""
    if isinstance(loss, str):
        loss = keras.losses.get(loss)
    if isinstance(loss, keras.losses.Loss):
        every = [re.sub(r"(?<=[a-z])(?=[A-Z])", "_", c.__name__) for c in type(loss).__mro__]
        return " ".join(every).lower()
    return str(getattr(loss, "__name__", "")).lower()


def _is_known(loss):
    """Return whether a loss is one of Keras's, of which all that take logits say so, or `None`."""
    if loss is None or isinstance(loss, str):
        return True
    return str(getattr(loss, "__module__", "")).startswith("keras.")
