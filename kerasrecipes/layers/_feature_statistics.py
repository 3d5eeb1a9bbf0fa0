"""Mean and covariance of data that comes in batches."""

import numpy as np


class FeatureStatistics:
    """Running mean and biased covariance in float64; batches may differ in size."""

    def __init__(self):
        self._count = 0
        self.mean = 0.0
        self._scatter = 0.0

    def add(self, rows):
        """Take in rows of shape `(samples, features)`."""
        count = len(rows)
        if count == 0:
            return
        mean = rows.mean(axis=0)
        centered = rows - mean
        total = self._count + count
        apart = mean - self.mean
        self._scatter = self._scatter + centered.T @ centered
        self._scatter += np.outer(apart, apart) * (self._count * count / total)
        self.mean = self.mean + apart * (count / total)
        self._count = total

    def check_not_empty(self):
        """Raise unless there was data."""
        if self._count == 0:
            raise ValueError("Argument `data` must hold at least one sample. Received: none")

    @property
    def covariance(self):
        """The covariance of all rows, divided by their number."""
        return self._scatter / self._count
