"""Monte Carlo prediction: mean and uncertainty over a model's noise."""

import contextlib
from typing import Any, NamedTuple

import keras
import numpy as np

from kerasrecipes._backend import keras_internals
from kerasrecipes._backend.random_state import (
    get_random_state,
    seed_random_state,
    set_random_state,
)
from kerasrecipes._batches import batches
from kerasrecipes._validation import check_boolean, check_integer
from kerasrecipes.inference._statistics import called_with_training, layers_with_statistics


class MonteCarloPrediction(NamedTuple):
    """The result of `monte_carlo_predict`; entropy and mutual information are in nats.

    Attributes:
        mean: float array `(examples, classes)`, the mean of the probabilities.
        variance: float array `(examples, classes)`, their variance over the samples.
        entropy: float array `(examples,)`, that of the mean.
        mutual_information: float array `(examples,)`, the entropy without what each sample has.
    """

    mean: np.ndarray
    variance: np.ndarray
    entropy: np.ndarray
    mutual_information: np.ndarray


def monte_carlo_predict(
    model: keras.Model,
    x: Any,
    samples: int,
    batch_size: int = 128,
    seed: int | None = None,
    from_logits: bool = False,
) -> Any:
    """Predict several times with all noise layers active; return mean and uncertainty.

    ```
    mean               = 1/S Σ_s p_s
    variance           = 1/S Σ_s (p_s - mean)²
    entropy            = H(mean) = -Σ_c mean_c · log mean_c
    mutual information = H(mean) - 1/S Σ_s H(p_s)
    ```

    The entropy is the total uncertainty; the mutual information is the part due to the noise in
    the weights, which more data would remove. Dropout, DropConnect, stochastic depth, noise and
    random pooling are active as in training; normalisation uses its running statistics, as in
    prediction. No weight changes.

    Args:
        model: built `keras.Model` with one output of class probabilities.
        x: arrays x or (x, y, ...), or an iterable of batches of those, read once.
        samples: int >= 1, the number S of predictions per example.
        batch_size: int >= 1, if x is arrays. Defaults to 128.
        seed: int >= 0, for the same result at every call (the model's seed generators are
            restored afterwards); `None` (default) draws from the generators' current state.
        from_logits: bool, whether the model's outputs are logits. Defaults to `False`.

    Returns:
        `MonteCarloPrediction(mean, variance, entropy, mutual_information)`, float32 NumPy arrays:
        the first two of shape `(examples, classes)`, the others `(examples,)`.

    Raises:
        ValueError: if outputs are not probabilities, `x` is empty, or an argument is out of range.

    Example:

    >>> import numpy as np, keras
    >>> from kerasrecipes.inference import monte_carlo_predict
    >>> model = keras.Sequential([
    ...     keras.Input((8,)), keras.layers.Dropout(0.5), keras.layers.Dense(3, "softmax")])
    >>> mean, variance, entropy, information = monte_carlo_predict(model, np.ones((5, 8)), 10)
    >>> mean.shape, entropy.shape, bool((information > 0).all())
    ((5, 3), (5,), True)

    Reference: Gal & Ghahramani (2016), https://arxiv.org/abs/1506.02142 (dropout); Houlsby et al.
        (2011), https://arxiv.org/abs/1112.5745 (mutual information).
    """
    check_integer("samples", samples, "[1, inf)")
    check_integer("batch_size", batch_size, "[1, inf)")
    check_boolean("from_logits", from_logits)
    if seed is not None:
        check_integer("seed", seed, "[0, inf)")
    with contextlib.nullcontext() if seed is None else _seeded(model, seed):
        parts = [
            _predict_batch(model, batch, samples, from_logits)
            for batch, *_ in batches(x, batch_size, "x")
        ]
    if not parts:
        raise ValueError("Argument `x` must hold at least one example. Received: none")
    return MonteCarloPrediction(*(np.concatenate(fields) for fields in zip(*parts)))


def _predict_batch(model, x, samples, from_logits):
    with called_with_training(layers_with_statistics(model, x), False):
        drawn = [
            keras.ops.convert_to_numpy(_probabilities(model(x, training=True), from_logits))
            for _ in range(samples)
        ]
    drawn = np.stack(drawn).astype("float64")
    _check_probabilities(drawn)
    mean = drawn.mean(axis=0)
    entropy = _entropy(mean)
    information = np.maximum(entropy - _entropy(drawn).mean(axis=0), 0.0)
    fields = mean, drawn.var(axis=0), entropy, information
    return [field.astype("float32") for field in fields]


def _probabilities(outputs, from_logits):
    outputs = keras.ops.cast(outputs, "float32")
    return keras.ops.softmax(outputs) if from_logits else outputs


def _entropy(probabilities):
    logs = np.log(np.maximum(probabilities, np.finfo("float64").tiny))
    return -(probabilities * logs).sum(axis=-1)


def _check_probabilities(drawn):
    if drawn.min() < 0 or np.abs(drawn.sum(axis=-1) - 1).max() > 1e-2:
        raise ValueError(
            "Argument `model` must return class probabilities that sum to 1; if it returns logits, "
            f"pass from_logits=True. Received: outputs from {drawn.min():.3g} to {drawn.max():.3g}"
        )


@contextlib.contextmanager
def _seeded(model, seed):
    """Seed all generators of the model, and restore them afterwards."""
    generators = {
        id(generator): generator
        for layer in keras_internals.flatten_layers(model)
        for generator in keras_internals.own_seed_generators(layer)
    }
    before = [keras.ops.convert_to_numpy(g.state).copy() for g in generators.values()]
    random_state = get_random_state()
    try:
        for i, generator in enumerate(generators.values()):
            words = np.random.SeedSequence([seed, i]).generate_state(2, "uint32")
            generator.state.assign(words.astype(generator.state.dtype))
        seed_random_state(seed)
        yield
    finally:
        for generator, state in zip(generators.values(), before):
            generator.state.assign(state)
        set_random_state(random_state)
