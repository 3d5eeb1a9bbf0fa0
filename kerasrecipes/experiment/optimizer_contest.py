"""Optimizers on one network and data: rates tuned at equal budget, then several seeds."""

import time
from collections.abc import Sequence
from typing import Any, NamedTuple

import keras
import numpy as np

from kerasrecipes._backend.requirement import require_scipy
from kerasrecipes.optimizers import fit_lbfgs

FACTORS = (0.1, 10**-0.5, 1.0, 10**0.5)


class ContestResult(NamedTuple):
    """The accuracy of an optimizer over seeds.

    Attributes:
        name: str.
        rate: float, the tuned rate, `None` if it has none.
        at_edge: bool, whether the best rate is at an end of those that were tried.
        accuracies, losses: test accuracy and training loss by seed.
        images_per_second: float, in training.
    """

    name: str
    rate: float | None
    at_edge: bool
    accuracies: Sequence[float]
    losses: Sequence[float]
    images_per_second: float

    def interval(self) -> tuple[float, float]:
        """Return the 95% interval of the mean accuracy over seeds, by Student's t."""
        require_scipy("ContestResult.interval")
        from scipy.stats import t

        mean, count = np.mean(self.accuracies), len(self.accuracies)
        if count == 1:
            return 0.0, 1.0
        half = t.ppf(0.975, count - 1) * np.std(self.accuracies, ddof=1) / np.sqrt(count)
        return float(max(0.0, mean - half)), float(min(1.0, mean + half))


class Contest:
    """Trains one network by one optimizer after another.

    Args:
        network: function of a seed that returns a Keras model of logits.
        train, held, test: pairs `(x, y)`; `held` chooses the rates.
        epochs: int >= 1. L-BFGS has as many evaluations of all training examples.
        batch_size: int >= 1.
        seeds: ints, of the weights and the order of the batches.
        jit: bool, for `model.compile(jit_compile=...)`. Defaults to `False`.
    """

    def __init__(
        self, network: Any, train: Any, held: Any, test: Any, epochs: int, batch_size: int,
        seeds: Sequence[int], jit: bool = False,
    ) -> None:  # fmt: skip
        self._network, self._train, self._held, self._test = network, train, held, test
        self._epochs, self._batch_size, self._seeds = epochs, batch_size, list(seeds)
        self._jit = jit
        self._starts = {seed: network(seed).get_weights() for seed in self._seeds}

    def run(self, name: str, optimizer: Any, rate: float) -> ContestResult:
        """Tune the rate of a Keras optimizer with the first seed, then train with every seed.

        Args:
            name: str.
            optimizer: a new Keras optimizer.
            rate: float > 0; rates from a tenth to about three times of it are tried.
        """
        model = self._compiled(optimizer)
        fresh = [np.array(keras.ops.convert_to_numpy(v)) for v in optimizer.variables]

        def train(tried, seed):
            for variable, value in zip(optimizer.variables, fresh):
                variable.assign(value)
            optimizer.learning_rate = tried
            model.set_weights(self._starts[seed])
            keras.utils.set_random_seed(seed)
            model.fit(*self._train, epochs=self._epochs, batch_size=self._batch_size, verbose=0)

        rates = [rate * factor for factor in FACTORS]
        scores = []
        for tried in rates:
            train(tried, self._seeds[0])
            scores.append(self._evaluate(model, self._held)[1])
        best = int(np.argmax(scores))
        return self._over_seeds(name, model, lambda seed: train(rates[best], seed), rates, best)

    def run_lbfgs(self, name: str) -> ContestResult:
        """Train with every seed by L-BFGS, which has no rate."""
        model = self._compiled("sgd")

        def train(seed):
            model.set_weights(self._starts[seed])
            budget = self._epochs
            fit_lbfgs(model, *self._train, epochs=budget, max_evaluations=budget, verbose=0)

        return self._over_seeds(name, model, train, None, 0)

    def _compiled(self, optimizer):
        model = self._network(self._seeds[0])
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        model.compile(optimizer, loss, metrics=["accuracy"], jit_compile=self._jit)
        model.optimizer.build(model.trainable_variables)
        return model

    def _over_seeds(self, name, model, train, rates, best):
        accuracies, losses, seconds = [], [], 0.0
        for seed in self._seeds:
            start = time.perf_counter()
            train(seed)
            seconds += time.perf_counter() - start
            accuracies.append(self._evaluate(model, self._test)[1])
            losses.append(self._evaluate(model, self._train)[0])
        images = len(self._train[0]) * self._epochs * len(self._seeds)
        rate = rates and rates[best]
        at_edge = rates is not None and best in (0, len(rates) - 1)
        return ContestResult(name, rate, at_edge, accuracies, losses, images / seconds)

    def _evaluate(self, model, pair):
        return [float(value) for value in model.evaluate(*pair, batch_size=1000, verbose=0)]
