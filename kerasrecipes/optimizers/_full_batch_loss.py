"""The loss of all data and its gradient, as functions of one vector of all trained weights."""

import keras
import numpy as np
from keras import ops

from kerasrecipes._backend.float64 import keeping_float64
from kerasrecipes._backend.gradient import compiled_value_and_gradient
from kerasrecipes._warning import warn


class FullBatchLoss:
    """A callable from a float64 vector to (loss, float64 gradient); counts its `evaluations`.

    The loss is that of `model.compute_loss` with the model in inference mode: the compiled loss
    and the losses of layers. Weights of the model stay as they are until `assign`.

    Args:
        model: compiled Keras model.
        chunks: `Chunks` of the data.
    """

    def __init__(self, model, chunks):
        self._model = model
        self._variables = model.trainable_variables
        if not self._variables:
            raise ValueError(
                "Argument `model` must have trainable weights. Received: a model whose layers are "
                "all frozen, or that has none"
            )
        dtypes = {str(variable.dtype) for variable in self._variables}
        self._dtype = "float64" if "float64" in dtypes else "float32"
        self._chunks = chunks.of_dtype(self._dtype)
        dtypes = {str(variable.dtype) for variable in model.variables}
        is_wide = not any("float" in dtype and dtype != "float64" for dtype in dtypes)
        loss = keeping_float64(self._loss) if is_wide else self._loss
        self._compute = compiled_value_and_gradient(
            loss, bool(model.jit_compile), model.run_eagerly
        )
        self.evaluations = 0

    def __call__(self, vector):
        self.evaluations += 1
        weights = ops.convert_to_tensor(vector.astype(self._dtype))
        total, gradient = 0.0, np.zeros(len(vector))
        for fraction, (x, y, sample_weight) in self._chunks:
            loss, slope = self._compute(weights, x, y, sample_weight)
            total += fraction * float(ops.convert_to_numpy(loss))
            gradient += fraction * ops.convert_to_numpy(slope).astype("float64")
        if self.evaluations == 1:
            self._check_loss(loss)
        if not (np.isfinite(total) and np.isfinite(gradient).all()):
            raise ValueError(
                "The loss and its gradient must be finite. Scale the inputs, compute the loss from "
                "logits, or begin with smaller weights; the model keeps the weights of the last "
                f"complete iteration. Received: loss={total} at evaluation {self.evaluations}"
            )
        return total, gradient

    def vector(self):
        """Return the weights of the model."""
        values = [ops.convert_to_numpy(variable).ravel() for variable in self._variables]
        return np.concatenate(values).astype("float64")

    def assign(self, vector):
        """Give the model these weights."""
        for variable, value in zip(self._variables, self._split(vector)):
            variable.assign(value)

    def bounds(self):
        """Return bounds of each weight, as SciPy takes them, or `None` if there are no constraints.

        Raises:
            ValueError: for a constraint other than `keras.constraints.NonNeg`.
        """
        constraints = [getattr(variable, "constraint", None) for variable in self._variables]
        for variable, constraint in zip(self._variables, constraints):
            if not isinstance(constraint, (type(None), keras.constraints.NonNeg)):
                raise ValueError(
                    "L-BFGS-B keeps bounds of single weights (`keras.constraints.NonNeg`) and no "
                    f"other constraint. Received: {type(constraint).__name__} of {variable.path}"
                )
        if not any(constraints):
            return None
        lows = [
            np.full(int(np.prod(variable.shape)), 0.0 if constraint else -np.inf)
            for variable, constraint in zip(self._variables, constraints)
        ]
        return [(low, np.inf) for low in np.concatenate(lows)]

    def _loss(self, vector, x, y, sample_weight):
        """Return the loss for these weights; no variable changes."""
        values = [
            ops.cast(value, variable.dtype)
            for variable, value in zip(self._variables, self._split(vector))
        ]
        mapping = list(zip(self._variables, values))
        with keras.StatelessScope(mapping, collect_losses=True):
            outputs = self._model(x, training=False)
            return self._model.compute_loss(
                x=x, y=y, y_pred=outputs, sample_weight=sample_weight, training=False
            )

    def _split(self, vector):
        sizes = [int(np.prod(variable.shape)) for variable in self._variables]
        ends = np.cumsum(sizes)
        return [
            vector[end - size : end].reshape(variable.shape)
            if isinstance(vector, np.ndarray)
            else ops.reshape(vector[end - size : end], variable.shape)
            for variable, size, end in zip(self._variables, sizes, ends)
        ]

    def _check_loss(self, loss):
        if len(ops.shape(loss)):
            raise ValueError(
                "The compiled loss must be a scalar. Received: a loss of shape "
                f"{tuple(ops.shape(loss))}"
            )
        if self._dtype == "float64" and "float64" not in str(loss.dtype):
            warn(
                "The weights are float64 and the loss is float32, so that the minimum is not "
                "exact: call `keras.config.set_floatx('float64')` before building and compiling "
                "the model (on JAX, set JAX_ENABLE_X64=1 too)."
            )
