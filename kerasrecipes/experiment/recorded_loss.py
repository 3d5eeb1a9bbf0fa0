"""A loss that is minimised outside `fit`, with a record of its evaluations."""

from collections.abc import Callable
from typing import Any

import keras
import numpy as np

from kerasrecipes._backend.gradient import compiled_value_and_gradient
from kerasrecipes._progress import progress
from kerasrecipes._validation import check_integer


class RecordedLoss:
    """Value and gradient of a function of a vector, and the best of a number of evaluations.

    It is called as SciPy's `minimize(..., jac=True)` wants it: with an array, for a float and a
    float64 array. Optimizers that get one each, with the same `evaluations`, are compared fairly:
    evaluations beyond them, of the last line search, are computed but not recorded.

    Args:
        loss: Function of a float32 vector that returns a scalar, in `keras.ops`.
        evaluations: int >= 1, the number that is recorded.

    Raises:
        ValueError: If the first value is not finite.

    Attributes:
        losses: List of floats, the recorded values.
        best: NumPy array, the vector with the lowest of them; `None` before the first.

    Example:

    >>> import keras, scipy.optimize
    >>> from kerasrecipes.experiment import RecordedLoss
    >>> loss = RecordedLoss(lambda x: keras.ops.sum((x - 3.0) ** 2), evaluations=20)
    >>> result = scipy.optimize.minimize(loss, [0.0, 1.0], jac=True, method="L-BFGS-B")
    >>> loss.best.round(3).tolist(), loss.losses[0]
    ([3.0, 3.0], 13.0)
    """

    def __init__(self, loss: Callable[..., Any], evaluations: int) -> None:
        check_integer("evaluations", evaluations, "[1, inf)")
        self._compute = compiled_value_and_gradient(loss, jit=False)
        self.evaluations = evaluations
        self.restart()

    def restart(self, advance: Callable[[int], Any] | None = None) -> None:
        """Forget the record; the compiled function stays.

        Args:
            advance: Function called with 1 after each recorded evaluation, or `None`.
        """
        self.losses, self.best, self._lowest, self._advance = [], None, np.inf, advance

    def minimize(
        self, optimize: Callable[..., Any], title: str, *arguments: Any
    ) -> KeyboardInterrupt | None:
        """Forget the record, and call `optimize(self, *arguments)` with a line of progress.

        Args:
            optimize: Function that evaluates this loss.
            title: str, what is being done.
            *arguments: What `optimize` gets besides.

        Returns:
            `None`, or the interruption (Ctrl-C, SIGTERM) that ended it early, to be raised again
            when the record has been used.
        """
        try:
            with progress(title, self.evaluations) as advance:
                self.restart(advance)
                optimize(self, *arguments)
        except KeyboardInterrupt as interrupt:
            return interrupt
        return None

    def __call__(self, vector: Any) -> Any:
        """Return (value, gradient)."""
        vector = np.asarray(vector)
        value, gradient = self._compute(keras.ops.convert_to_tensor(vector, "float32"))
        value = float(value)
        if not self.losses and not np.isfinite(value):
            raise ValueError(f"The loss must be finite at the start. Received: {value}")
        if len(self.losses) < self.evaluations:
            if value < self._lowest:
                self.best, self._lowest = vector.copy(), value
            self.losses.append(value)
            if self._advance is not None:
                self._advance(1)
        return value, keras.ops.convert_to_numpy(gradient).astype("float64")
