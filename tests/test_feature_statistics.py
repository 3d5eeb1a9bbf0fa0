"""The running statistics are NumPy's over all rows, also far from zero."""

import numpy as np
import pytest

from kerasrecipes._feature_statistics import FeatureStatistics


@pytest.mark.parametrize("offset", [0.0, 1e8])
def test_statistics_of_batches_are_those_of_all_rows(offset):
    rows = np.random.default_rng(0).normal(size=(50, 3)) @ np.diag([1, 2, 3]) + offset
    statistics = FeatureStatistics()
    for part in np.split(rows, [1, 1, 20, 33]):
        statistics.add(part)
    assert statistics.count == 50
    np.testing.assert_allclose(statistics.mean, rows.mean(axis=0), rtol=1e-12)
    expected = np.cov(rows - offset, rowvar=False, bias=True)
    np.testing.assert_allclose(statistics.covariance, expected, rtol=1e-6)
    np.testing.assert_allclose(statistics.variance, np.var(rows - offset, axis=0), rtol=1e-6)


def test_float32_and_integers_are_added_in_float64():
    rows = np.full((1000, 1), 16_777_217)
    statistics = FeatureStatistics()
    statistics.add(rows)
    assert statistics.mean.dtype == "float64" and statistics.mean == 16_777_217
    assert statistics.variance == 0


def test_no_rows_are_an_error():
    statistics = FeatureStatistics()
    statistics.add(np.zeros((0, 2)))
    with pytest.raises(ValueError, match="`dataset` must hold at least one sample"):
        statistics.check_not_empty("dataset")
