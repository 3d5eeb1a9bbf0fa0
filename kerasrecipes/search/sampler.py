"""Which settings a trial tries: at random from coarse to fine, or on a grid."""

import zlib

import numpy as np
from optuna.samplers import BaseSampler, TPESampler
from optuna.trial import TrialState

KINDS = ("random", "grid", "tpe")
NARROWING = 0.25  # of the width, in each stage after the first
INDEX = "index"  # user attribute of a trial: the how-manieth of the search


class CoarseToFine(BaseSampler):
    """Draws the trials of the first stage from the ranges, those of later ones around the best.

    A draw is a function of the seed, the index of the trial and the name of the setting, and of
    the best trial before its stage: a search that was killed goes on with the same draws. Where
    several processes share a search, a later stage may begin before the one before it has ended,
    and draws around the best of what has.

    Args:
        space: Tuple of `Range`.
        trials: int, of all stages.
        stages: int.
        seed: int.

    Reference: Bergstra & Bengio (2012), https://jmlr.org/papers/v13/bergstra12a.html.
    """

    def __init__(self, space, trials, stages, seed):
        self._space = {found.name: found for found in space}
        self._trials, self._stages, self._seed = trials, stages, seed

    def infer_relative_search_space(self, study, trial):
        return {}

    def sample_relative(self, study, trial, search_space):
        return {}

    def sample_independent(self, study, trial, param_name, param_distribution):
        index = trial.user_attrs[INDEX]
        found = self._space[param_name]
        stage = min(index * self._stages // self._trials, self._stages - 1)
        best = self._best_before(study, stage)
        if best is not None:
            found = found.narrowed(best.params[param_name], NARROWING**stage)
        return found.draw(
            np.random.default_rng([self._seed, index, zlib.crc32(param_name.encode())])
        )

    def _best_before(self, study, stage):
        """Return the best trial of the stages before this one, or `None`."""
        first = -(-stage * self._trials // self._stages)
        done = [
            trial
            for trial in study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))
            if trial.user_attrs[INDEX] < first
        ]
        sign = 1 if study.direction.name == "MAXIMIZE" else -1
        return max(done, key=lambda trial: sign * trial.value, default=None)


class Grid(BaseSampler):
    """Tries every combination of evenly spaced values; choices have all of theirs.

    Args:
        space: Tuple of `Range`.
        trials: int, the most; the number of values is the largest that fits.
    """

    def __init__(self, space, trials):
        self._names = [found.name for found in space]
        self._values = grid_values(space, trials)

    def infer_relative_search_space(self, study, trial):
        return {}

    def sample_relative(self, study, trial, search_space):
        return {}

    def sample_independent(self, study, trial, param_name, param_distribution):
        shape = [len(values) for values in self._values]
        at = np.unravel_index(trial.user_attrs[INDEX] % int(np.prod(shape)), shape)
        number = self._names.index(param_name)
        return self._values[number][at[number]]


def grid_values(space, trials):
    """Return the values of each range on the largest grid of at most this many points.

    >>> from kerasrecipes.search import Range
    >>> grid_values([Range("rate", 0.0, 1.0), Range("flip", choices=(True, False))], 7)
    [[0.0, 0.5, 1.0], [True, False]]
    """
    fixed = int(np.prod([len(found.choices) for found in space if found.choices], dtype=int))
    numbers = sum(not found.choices for found in space)
    count = 1
    while numbers and fixed * (count + 1) ** numbers <= trials:
        count += 1
    fractions = np.linspace(0, 1, count) if count > 1 else [0.5]
    return [
        list(found.choices) or [found.at(float(fraction)) for fraction in fractions]
        for found in space
    ]


def sampler_of(kind, space, trials, stages, seed):
    """Return the Optuna sampler of a kind: one of `KINDS`."""
    if kind == "grid":
        return Grid(space, trials)
    if kind == "tpe":
        return TPESampler(seed=seed)
    return CoarseToFine(space, trials, stages, seed)
