"""Running mean and covariance of data in batches."""

import numpy as np


class FeatureStatistics:
    """Mean and biased covariance of all rows so far, in float64; batches may differ in size.

    The update is that of Chan, Golub & LeVeque (1983), which is accurate even if the mean is large
    compared with the standard deviation.

    Attributes:
        count: int, the number of rows.
        mean: float64 array `(features,)`.
    """

    def __init__(self):
        self.count = 0
        self.mean = 0.0
        self._scatter = 0.0

    def add(self, rows):
        """Add rows of shape `(examples, features)`."""
        rows = np.asarray(rows, "float64")
        count = len(rows)
        if count == 0:
            return
        mean = rows.mean(axis=0)
        centered = rows - mean
        total = self.count + count
        difference = mean - self.mean
        self._scatter = self._scatter + centered.T @ centered
        self._scatter += np.outer(difference, difference) * (self.count * count / total)
        self.mean = self.mean + difference * (count / total)
        self.count = total

    def check_not_empty(self, name="data"):
        """Raise unless there was data; `name` is that of the argument."""
        if self.count == 0:
            raise ValueError(f"Argument `{name}` must hold at least one sample. Received: none")

    @property
    def covariance(self):
        """Return the biased covariance of all rows."""
        return self._scatter / self.count

    @property
    def variance(self):
        """Return the variance of each feature: the diagonal of the covariance."""
        return np.diagonal(self.covariance)
