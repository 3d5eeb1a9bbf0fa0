"""Checks of the model as it is before the first step: inputs, outputs, loss, layers."""

import math

import keras
import numpy as np

from kerasrecipes._backend.keras_internals import (
    calls_before,
    flatten_layers,
    own_state_variables,
    own_trainable_variables,
)
from kerasrecipes.callbacks import ActivationStatistics
from kerasrecipes.inference._statistics import layers_with_statistics
from kerasrecipes.preflight.check import FAIL, PASS, SKIP, WARN, Check
from kerasrecipes.preflight.facts import first_call, structured
from kerasrecipes.preflight.heads import looks_like_probabilities
from kerasrecipes.preflight.trial_model import tensors, to_numpy

LARGEST_INPUT, SMALLEST_INPUT = 10.0, 1e-2
LARGEST_OUTPUT = 10.0
ZERO_MEAN = "Normalise the inputs to mean 0 and standard deviation 1"
BOUNDED = ("tanh", "sigmoid", "hard_sigmoid", "softsign", "hard_tanh", "relu6", "softmax")


def check_inputs(facts):
    """Inputs of the first layer with weights are of the order of 1, or its weights suit them."""
    first = first_call(facts.trial, facts.batch.x, training=False)
    if first is None or first.input is None or first.input.dtype.kind not in "fV":
        return Check("inputs", SKIP, "the first layer with weights takes no float inputs")
    values = first.input.astype("float64")
    if not np.isfinite(values).all():
        return Check("inputs", FAIL, "the inputs are not finite", "Remove NaN and infinity.")
    rms, std = float(np.sqrt((values**2).mean())), float(values.std())
    finding = f"at {first.layer.name} mean {values.mean():.3g}, standard deviation {std:.3g}"
    if std == 0:
        return Check("inputs", FAIL, finding, "All inputs are equal: look at how they are read.")
    if rms > LARGEST_INPUT and not _weights_suit(first):
        advice = f"{ZERO_MEAN}, or divide pixels of 0 to 255 by 255."
        return Check("inputs", FAIL, finding, advice)
    if std < SMALLEST_INPUT:
        return Check("inputs", WARN, finding, f"{ZERO_MEAN}: were they divided by 255 twice?")
    return Check("inputs", PASS, finding)


def _weights_suit(first):
    """Return whether large inputs meet weights made for them, as in some pretrained networks."""
    name = getattr(getattr(first.layer, "activation", None), "__name__", "")
    if first.output is None or name in BOUNDED:
        return False
    return float(np.sqrt((first.output.astype("float64") ** 2).mean())) < LARGEST_OUTPUT


def check_outputs(facts):
    """What the model puts out is what the loss wants."""
    findings = []
    for head in facts.heads:
        where, outputs = head.where(), head.output.astype("float64")
        if not np.isfinite(outputs).all():
            return Check(
                "outputs", FAIL, f"outputs{where} are not finite",
                "Lower the scale of inputs and weights, and look for logarithms and divisions.",
            )  # fmt: skip
        softmaxes = _softmaxes(facts.trial.model, head)
        if softmaxes > 1:
            return Check(
                "outputs", FAIL, f"softmax is applied {softmaxes} times{where}",
                "Remove all softmax activations but one.",
            )  # fmt: skip
        probabilities = looks_like_probabilities(outputs, head.kind)
        if head.takes == "probabilities" and not probabilities:
            return Check(
                "outputs", FAIL,
                f"{head.loss} wants probabilities, and outputs{where} are from "
                f"{outputs.min():.3g} to {outputs.max():.3g}",
                "Give the loss from_logits=True, or the last layer softmax or sigmoid.",
            )  # fmt: skip
        if head.takes == "logits" and _is_squashed(facts.trial.model, head, probabilities):
            return Check(
                "outputs", FAIL,
                f"{head.loss} applies softmax or sigmoid, and outputs{where} are probabilities "
                "already: it is applied twice",
                "Give the loss from_logits=False, or remove the activation of the last layer.",
            )  # fmt: skip
        findings.append(f"{head.takes or 'values'}{where} for {head.loss}")
    return Check("outputs", PASS, "; ".join(findings))


def _calls(model, head):
    """Return the operations before an output of a functional model, the last one first."""
    outputs = getattr(model, "outputs", None) or []
    return list(calls_before(outputs[head.place])) if head.place < len(outputs) else []


def _activation_name(operation):
    if isinstance(operation, keras.layers.Softmax):
        return "softmax"
    name = getattr(getattr(operation, "activation", None), "__name__", "")
    return name or type(operation).__name__.lower()


def _softmaxes(model, head):
    """Return how many softmaxes follow each other at the end of a functional model."""
    count = 0
    for operation in _calls(model, head):
        if _activation_name(operation) == "softmax":
            count += 1
        elif not isinstance(operation, (keras.layers.Reshape, keras.layers.Flatten)):
            break
    return count


def _is_squashed(model, head, probabilities):
    if head.kind == "classes":
        return probabilities
    calls = _calls(model, head)
    return probabilities and bool(calls) and _activation_name(calls[0]) == "sigmoid"


def check_trainable(facts):
    """Some weights train, those of the last layers among them."""
    trial = facts.trial.model
    count = sum(math.prod(v.shape) for v in trial.trainable_variables)
    total = count + sum(math.prod(v.shape) for v in trial.non_trainable_variables)
    finding = f"{count:,} of {total:,} numbers are trained"
    if not count:
        return Check(
            "trainable", FAIL, "no weight is trained: every layer is frozen",
            "Set `layer.trainable = True` where you want to train, and compile again.",
        )  # fmt: skip
    frozen = _frozen_at_the_end(facts)
    if frozen:
        return Check(
            "trainable", WARN, f"{finding}, but not those of the last layer {frozen}",
            "Unfreeze the classifier, and compile again.",
        )  # fmt: skip
    return Check("trainable", PASS, finding)


def _frozen_at_the_end(facts):
    for head in facts.heads:
        for operation in _calls(facts.trial.model, head):
            if isinstance(operation, keras.Layer) and own_weights(operation):
                return None if operation.trainable_weights else operation.name
    return None


def own_weights(layer):
    return [v for v in own_trainable_variables(layer) if len(v.shape)] or layer.weights


def neutral_loss(facts):
    """Return the loss of outputs that say nothing, on the batch."""
    neutral = [head.neutral() for head in facts.heads]
    structure = structured(facts, facts.batch.x, neutral)
    return facts.trial.loss(facts.batch.x, facts.batch.y, structure)[0]


def check_initial_loss(facts):
    """The loss is that of outputs that say nothing: log C for C classes."""
    # The statistics of a new layer are not those of the batch: the signal grows with the depth.
    is_new = any(map(_is_new, flatten_layers(facts.trial.model)))
    loss, _ = facts.trial.loss(facts.batch.x, facts.batch.y, training=is_new)
    if not math.isfinite(loss):
        return Check(
            "initial_loss", FAIL, f"the loss is {loss}",
            "Look for NaN in the data, logarithms of 0 and labels out of range.",
        )  # fmt: skip
    if any(head.kind == "other" for head in facts.heads):
        return Check("initial_loss", SKIP, f"loss {loss:.4g}; what it should be is not known")
    expected = neutral_loss(facts)
    numbers = any(head.takes == "numbers" for head in facts.heads)
    is_log = len(facts.heads) == 1 and facts.heads[0].is_entropy_of_classes()
    words = f" = log {facts.heads[0].output.shape[-1]}" if is_log else ""
    finding = f"loss {loss:.4g}, {expected:.4g}{words} where outputs say nothing"
    largest = 10 * expected if numbers else 3 * expected + 0.5
    if loss > 5 * max(largest, 1e-6):
        return Check("initial_loss", FAIL, finding, SMALLER)
    if loss > largest:
        return Check("initial_loss", WARN, finding, SMALLER)
    if loss < 0.7 * expected:
        finding += ": below, the model knows something already"
    return Check("initial_loss", PASS, finding)


SMALLER = (
    "The outputs are too large at the start: normalise the inputs, and initialise the last layer "
    "with smaller weights."
)


def check_regularization(facts):
    """Regularisation raises the loss, and does not drown it."""
    loss, penalty = facts.trial.loss(facts.batch.x, facts.batch.y)
    if not _has_regularizer(facts.trial.model) and penalty == 0:
        return Check("regularization", SKIP, "no regulariser in the model")
    finding = f"it raises the loss of {loss:.4g} by {penalty:.4g}"
    if not math.isfinite(penalty) or penalty < 0:
        return Check("regularization", FAIL, finding, "Correct the sign or value of the factor.")
    if penalty == 0:
        return Check(
            "regularization", WARN, "the regularisers add nothing to the loss",
            "Give them a factor above 0, or remove them.",
        )  # fmt: skip
    if penalty > 20 * max(abs(loss), 1e-6):
        return Check("regularization", WARN, finding, "Lower the factor: it drowns the data.")
    return Check("regularization", PASS, finding)


def _has_regularizer(model):
    """Return whether anything is regularised; a kernel of zeros adds nothing to the loss."""
    return any(v.regularizer is not None and to_numpy(v).any() for v in model.trainable_variables)


def check_layers(facts):
    """No layer is dead, saturated or not finite; signal and gradient reach all of them."""
    statistics = ActivationStatistics(tensors(facts.batch.x), tensors(facts.batch.y))
    statistics.set_params({"epochs": 1, "steps": 1, "verbose": 0})
    statistics.set_model(facts.trial.model)
    try:
        statistics.on_train_begin()
        statistics.on_epoch_begin(0)
    except ValueError as error:
        return Check("layers", SKIP, str(error).split(". Received")[0])
    outputs = _names_of_outputs(facts)
    bad = {n: v for n, v in statistics.diagnosis().items() if v != "fine" and n not in outputs}
    count = len(statistics.records[0])
    if not bad:
        return Check("layers", PASS, f"none of {count} layers is dead or saturated")
    finding = f"{len(bad)} of {count} layers: {few([f'{n} ({v})' for n, v in bad.items()])}"
    verdicts = set(bad.values())
    if verdicts & {"dead", "not finite"}:
        return Check("layers", FAIL, finding, DEAD)
    if "saturated" in verdicts:
        return Check("layers", FAIL, finding, SATURATED)
    return Check("layers", WARN, finding, VANISHES)


DEAD = (
    "Lower the scale of the weights, set biases to 0, normalise the inputs; or use leaky ReLU or "
    "normalisation layers."
)
SATURATED = "Lower the scale of the weights (Glorot for tanh) and normalise the inputs."
VANISHES = (
    "Initialise for the activation (He for ReLU, Glorot for tanh), or use `initializers.LSUV`, "
    "normalisation layers or residual connections."
)


def _names_of_outputs(facts):
    calls = [_calls(facts.trial.model, head) for head in facts.heads]
    return {getattr(call[0], "name", None) for call in calls if call}


def check_normalization(facts):
    """New normalisation layers move their statistics in training: none is frozen by mistake."""
    layers = [layer for layer in flatten_layers(facts.trial.model) if _keeps_statistics(layer)]
    if not layers:
        return Check("normalization", SKIP, "no layer keeps running statistics")
    moving = layers_with_statistics(facts.trial.model, tensors(facts.batch.x))
    still = [layer for layer in layers if layer not in moving]
    new = [layer.name for layer in still if _is_new(layer)]
    if new:
        return Check(
            "normalization", FAIL,
            f"{len(new)} of {len(layers)} normalisation layers are frozen with the statistics of a "
            f"new layer (mean 0, variance 1): {few(new)}",
            "Set `layer.trainable = True`, and call the layer without `training=False`.",
        )  # fmt: skip
    return Check(
        "normalization", PASS,
        f"{len(layers) - len(still)} of {len(layers)} layers move their statistics in training",
    )  # fmt: skip


def few(words):
    """Return the first words of a list, in one line."""
    return ", ".join([*words[:3], *(["..."] if len(words) > 3 else [])])


def _keeps_statistics(layer):
    return any(v.name.startswith("moving_") for v in own_state_variables(layer))


def _is_new(layer):
    """Return whether all running means are 0 still."""
    means = [v for v in own_state_variables(layer) if v.name == "moving_mean"]
    return bool(means) and not any(to_numpy(v).any() for v in means)
