"""The table, figures and files of `recipes/regularization.py`."""

import time
from typing import Any

import keras
import numpy as np

from kerasrecipes._backend.padded_predict import predict_array
from kerasrecipes.evaluation import intervals_figure, mean_interval
from kerasrecipes.evaluation.weights_figure import near_zero, weights_figure
from kerasrecipes.experiment.closing_table import close_table
from kerasrecipes.experiment.dropout_forms import dropout_scores, inverted_weights

NEAR = 1e-3
MASKS = 2000
NOTHING = "no difference shown"
HISTOGRAMS = ("none", "L2", "max-norm", "L1", "elastic net", "dropout")
HEADER = ("Technique", "Strength", "Accuracy", "Minus none", "95% interval", "Test loss",
          "Minus none", "95% interval", "Here", "Training accuracy", "Weights near 0")  # fmt: skip
FORMS_HEADER = ("Dropout", "Mean score in training", "Score at test", "Difference",
                "Standard error of the mean")  # fmt: skip
COMPARISON = (
    "Accuracy on the test images, and the change of accuracy and loss against none, seed by seed. "
    "Lines are 95% intervals over the seeds: one that crosses the dashed line shows no difference."
)
WEIGHTS = (
    f"Weights of the first layer of one seed; the red bar is around 0, and the titles say how many "
    f"are within ±{NEAR:g}. The vertical axis is logarithmic. A penalty on |w| makes most weights "
    "vanish; one on w² shrinks the large ones."
)


def close(
    run: Any, images: Any, strengths: Any, tried: Any, results: Any, networks: Any, sets: Any
) -> Any:
    """Write every file of the run, and return the content of `metrics.json`.

    Args:
        run: the `Run`.
        images: the `data.ImageData`.
        strengths: dict from a technique to its strength, or `None`.
        tried: dict from a technique to the strengths that were tried, in order.
        results: dict from a technique to its `TrainedNetwork` for each seed, "none" among them.
        networks: dict from a technique to its Keras model.
        sets: training, held-out and test set of the last seed.
    """
    gains, losses = (
        {name: _minus_none(results, name, what) for name in results if name != "none"}
        for what in ("accuracy", "loss")
    )
    here = {name: _here(gains[name], losses[name]) for name in gains}
    order = sorted(results, key=lambda name: -_mean(results[name], "accuracy"))
    rows = [
        [
            name, _strength(name, strengths, tried, results),
            *_cells(results, name, "accuracy", gains), *_cells(results, name, "loss", losses),
            here.get(name, ""), f"{_mean(results[name], 'training_accuracy'):.3f}",
            f"{np.mean([near_zero(one.weights[0], NEAR) for one in results[name]]):.3f}",
        ]
        for name in order
    ]  # fmt: skip
    seen = {name: networks.get(name, networks["none"]) for name in order}
    protocols = {name: _protocol(results[name], seen[name], sets[2][0]) for name in order}
    forms, difference = _dropout_table(results, strengths, networks, sets, run.config.seed)
    panels = {
        "accuracy": {n: _clipped([one.accuracy for one in results[n]]) for n in order},
        "accuracy minus none (right is better)": {"none": 0.0, **gains},
        "test loss minus none (left is better)": {"none": 0.0, **losses},
    }
    kernels = {name: results[name][0].weights[0] for name in HISTOGRAMS}
    figures = [
        ("comparison", COMPARISON, intervals_figure(panels)),
        ("weights", WEIGHTS, weights_figure(kernels, NEAR)),
    ]
    notes = [
        *_verdicts(here),
        f"The {len(gains)} intervals of each kind cover the choice of training images, weights and "
        "noise. Of twenty techniques without any effect, one would seem to have one.",
        "Vanilla and inverted dropout are one function: a network trained with vanilla dropout, "
        "its kernels after dropout multiplied by 1 - rate, is one with inverted dropout. On the "
        f"test images their probabilities differ by at most {difference:.1g}. At one learning rate "
        "they train differently, because these kernels differ in scale.",
    ]
    tables = [("Techniques", HEADER, rows), ("Both forms of dropout", FORMS_HEADER, forms)]
    return close_table(
        run, images, _headline(order[0], results, gains), notes, figures, tables, protocols,
        minus_none={name: tuple(gain) for name, gain in gains.items()}, strengths=strengths,
        loss_minus_none={name: tuple(change) for name, change in losses.items()},
        accuracy_by_seed={name: [one.accuracy for one in results[name]] for name in order},
        dropout_forms_difference=difference,
    )  # fmt: skip


def _cells(results, name, what, changes):
    """Return the mean over the seeds, the change against none and its interval, as text."""
    mean = f"{_mean(results[name], what):.4f}"
    if name not in changes:
        return mean, "", ""
    change, low, high = changes[name]
    return mean, f"{change:+.4f}", f"{low:+.4f} to {high:+.4f}"


def _here(gain, loss):
    """Return what intervals of accuracy and loss show, in words."""
    words = [
        "more accurate" if gain.low > 0 else "less accurate" if gain.high < 0 else "",
        "lower loss" if loss.high < 0 else "higher loss" if loss.low > 0 else "",
    ]
    return ", ".join(filter(None, words)) or NOTHING


def _strength(name, strengths, tried, results):
    if name == "early stopping":
        return f"{_mean(results[name], 'epochs'):.0f} epochs"
    value, others = strengths[name], tried[name]
    if value is None:
        return ""
    edge = {others[0]: " (the lowest tried)", others[-1]: " (the highest tried)"}
    return f"{value:g}{edge.get(value, '')}"


def _verdicts(here):
    """Return a sentence for each thing shown, with the techniques that it is shown for."""
    names = {}
    for name, words in here.items():
        names.setdefault(words, []).append(name)
    return [f"{words.capitalize()}: {', '.join(names[words])}." for words in sorted(names)]


def _headline(best, results, gains):
    text = f"{best} is first of {len(results)}: accuracy {_mean(results[best], 'accuracy'):.4f}"
    if best not in gains:
        return f"{text}. No technique is better than none."
    mean, low, high = gains[best]
    return f"{text}, {mean:+.4f} against none ({low:+.4f} to {high:+.4f})."


def _protocol(trained, network, x):
    predict_array(network, x, 500)
    start = time.perf_counter()
    predict_array(network, x, 500)
    speed = len(x) / (time.perf_counter() - start)
    return {
        "accuracy": _mean(trained, "accuracy"), "loss": _mean(trained, "loss"), "images": len(x),
        "images_per_second": round(speed, 1),
    }  # fmt: skip


def _dropout_table(results, strengths, networks, sets, seed):
    """Return a row for each form of dropout, and the largest difference of probabilities."""
    rate = strengths["vanilla dropout"]
    x, labels = sets[2]
    vanilla, inverted = networks["vanilla dropout"], networks["dropout"]
    vanilla.set_weights(results["vanilla dropout"][-1].weights)
    inverted.set_weights(inverted_weights(vanilla.get_weights(), rate))
    first, second = (
        keras.ops.convert_to_numpy(keras.ops.softmax(predict_array(one, x, 500)))
        for one in (vanilla, inverted)
    )
    body = keras.Model(vanilla.inputs, vanilla.layers[-2].input)
    hidden = body.predict(x[:1], verbose=0)[0]
    found = dropout_scores(rate, hidden, *vanilla.layers[-1].get_weights(), MASKS, seed)
    right = int(labels[0])
    rows = [
        [
            name, f"{one.training[right]:.4f}", f"{one.test[right]:.4f}",
            f"{one.training[right] - one.test[right]:+.4f}", f"{one.errors[right]:.4f}",
        ]
        for name, one in found.items()
    ]  # fmt: skip
    return rows, float(abs(first - second).max())


def _minus_none(results, name, what):
    pairs = zip(results[name], results["none"])
    return mean_interval([getattr(one, what) - getattr(none, what) for one, none in pairs])


def _clipped(accuracies):
    return tuple(np.clip(mean_interval(accuracies), 0, 1))


def _mean(trained, what):
    return float(np.mean([getattr(one, what) for one in trained]))
