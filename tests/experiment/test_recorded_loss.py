"""Value, gradient and record of a loss that SciPy and Keras's optimizers minimise."""

import numpy as np
import pytest
from keras import ops
from scipy.optimize import minimize

from kerasrecipes.experiment import RecordedLoss


def valley(x):
    return ops.square(1.0 - x[0]) + 100.0 * ops.square(x[1] - ops.square(x[0]))


def test_value_and_gradient():
    value, gradient = RecordedLoss(valley, 5)(np.array([-1.0, 2.0]))
    assert value == pytest.approx(4 + 100) and gradient.dtype == "float64"
    np.testing.assert_allclose(gradient, [-4 + 400, 200], rtol=1e-5)


def test_only_the_first_evaluations_are_recorded():
    counted = []
    loss = RecordedLoss(valley, 7)
    loss.restart(counted.append)
    result = minimize(loss, [-1.0, 2.0], jac=True, method="L-BFGS-B")
    np.testing.assert_allclose(result.x, [1, 1], atol=0.05)
    assert result.nfev > 7 == len(loss.losses) == sum(counted)
    assert min(loss.losses) == pytest.approx(float(valley(loss.best)), rel=1e-4)
    assert abs(loss.best - result.x).max() > 1e-3
    loss.restart()
    assert loss.losses == [] and loss.best is None
    vector = np.zeros(2)
    loss(vector)
    vector[:] = 9
    assert loss.best.tolist() == [0, 0]


def test_numbers_that_are_not_finite_and_bad_arguments():
    with pytest.raises(ValueError, match="finite at the start. Received: nan"):
        RecordedLoss(valley, 5)(np.full(2, np.nan))
    loss = RecordedLoss(valley, 5)
    loss(np.zeros(2))
    loss(np.full(2, np.nan))
    loss(np.ones(2))
    assert loss.best.tolist() == [1, 1] and len(loss.losses) == 3
    with pytest.raises(ValueError, match="evaluations"):
        RecordedLoss(valley, 0)
