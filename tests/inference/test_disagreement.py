"""`disagreement` against a loop over pairs."""

import itertools

import numpy as np
import pytest

from kerasrecipes.inference import disagreement


def test_it_is_the_mean_over_pairs_and_examples():
    members = np.random.default_rng(0).dirichlet(np.ones(3), (4, 20))
    pairs = [
        one[i].argmax() != other[i].argmax()
        for one, other in itertools.combinations(members, 2)
        for i in range(20)
    ]
    assert disagreement(list(members)) == pytest.approx(np.mean(pairs))
    assert disagreement([members[0]] * 3) == 0


@pytest.mark.parametrize("shapes", [[], [(2, 3)], [(2, 3), (3, 3)], [(2,), (2,)], [(0, 3), (0, 3)]])
def test_it_refuses_what_cannot_be_compared(shapes):
    with pytest.raises(ValueError, match="`predictions`.*Received"):
        disagreement([np.zeros(shape) for shape in shapes])
