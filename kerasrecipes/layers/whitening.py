"""Whitening as preprocessing: centring, decorrelation or whitening by fixed statistics."""

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
from keras import ops

from kerasrecipes._backend.arithmetic import wide_type
from kerasrecipes._backend.stored_value import value_of
from kerasrecipes._batches import batches
from kerasrecipes._feature_statistics import FeatureStatistics
from kerasrecipes._validation import check_axis, check_choice, check_integer, check_number
from kerasrecipes._warning import warn

_METHODS = ("center", "decorrelate", "pca", "zca")


@keras.saving.register_keras_serializable(package="kerasrecipes")
class Whitening(keras.layers.Layer):
    """Centres, decorrelates or whitens by the statistics of a data set, learned with `adapt`.

    With mean μ and covariance Σ = U·diag(λ)·Uᵀ (biased, eigenvalues descending), y = (x - μ)·M:

    - `"center"`: M = I
    - `"decorrelate"`: M = U, the principal components with their variances
    - `"pca"`: M = U·diag((λ + ε)^(-1/2)), the principal components with variance 1
    - `"zca"`: M = U·diag((λ + ε)^(-1/2))·Uᵀ, the whitening that is nearest to x

    Before `adapt` the layer is the identity, and warns when it is called.

    Args:
        method: `"center"`, `"decorrelate"`, `"pca"` or `"zca"`. Defaults to `"zca"`.
        epsilon: float > 0, in squared units of the data, added to the eigenvalues so that
            components without variance stay finite. Defaults to 1e-5.
        axis: int or tuple of ints, the axes that are features, as in
            `keras.layers.Normalization`; the other axes are positions. `-1` whitens the channels
            of images, `(1, 2, 3)` whitens images as vectors. Defaults to -1.
        **kwargs: Arguments of `keras.layers.Layer`.

    Input shape:
        Numbers of rank 2 or more, the batch first. The sizes of the feature axes are not `None`.

    Output shape:
        That of the input. Components replace the features, in order.

    Raises:
        ValueError: An option is out of its range.

    Example:

    >>> import keras
    >>> import numpy as np
    >>> from kerasrecipes.layers import Whitening
    >>> x = np.random.default_rng(0).normal(size=(500, 2)) @ [[3.0, 1.0], [0.0, 1.0]]
    >>> layer = Whitening("zca")
    >>> layer.adapt(x)
    >>> y = keras.ops.convert_to_numpy(layer(x.astype("float32")))
    >>> print(np.abs(np.round(y.T @ y / 500, 2)))
    [[1. 0.]
     [0. 1.]]

    Reference:
        - Bell & Sejnowski, The Independent Components of Natural Scenes are Edge Filters, 1997,
          https://doi.org/10.1016/S0042-6989(97)00121-1
    """

    def __init__(
        self,
        method: str = "zca",
        epsilon: float = 1e-5,
        axis: int | Sequence[int] = -1,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        check_choice("method", method, _METHODS)
        check_number("epsilon", epsilon, "(0, inf)")
        for one in axis if isinstance(axis, (tuple, list)) else (axis,):
            check_axis("axis", one)
        self.method = method
        self.epsilon = epsilon
        self.axis = axis
        self.autocast = False
        self.supports_masking = True
        self._adapted = False

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        rank = len(input_shape)
        axes = self.axis if isinstance(self.axis, (tuple, list)) else (self.axis,)
        self._axes = tuple(sorted({axis % rank for axis in axes if -rank <= axis < rank}))
        if len(self._axes) != len(axes) or not axes or 0 in self._axes:
            raise ValueError(
                f"Argument `axis` must be distinct axes in [1, {rank - 1}] or [{1 - rank}, -1] "
                f"for inputs of rank {rank}. Received: axis={self.axis}"
            )
        sizes = [input_shape[axis] for axis in self._axes]
        if None in sizes:
            raise ValueError(
                "Argument `axis` must be axes of known size. Received: "
                f"axis={self.axis}, inputs.shape={tuple(input_shape)}"
            )
        self._features = int(np.prod(sizes))
        self.input_spec = keras.layers.InputSpec(ndim=rank, axes=dict(zip(self._axes, sizes)))
        self.mean = self._add_statistic("mean", 1, "zeros")
        if self.method != "center":
            self.matrix = self._add_statistic("matrix", 2, _identity)

    def _add_statistic(self, name, rank, initializer):
        return self.add_weight(
            shape=(self._features,) * rank,
            name=name,
            initializer=initializer,
            trainable=False,
            autocast=False,
        )

    def adapt(self, data: Any, batch_size: int | None = None, steps: int | None = None) -> None:
        """Learn the statistics of `data` in float64; they replace any learned before.

        Args:
            data: An array, or an iterable of batches such as a `tf.data.Dataset`, of inputs
                or of `(inputs, labels, ...)`, of which only the inputs are used.
            batch_size: int >= 1, examples per batch if `data` is an array. `None`: 1024.
            steps: int >= 1, number of batches to read. `None`: all.
        """
        statistics = FeatureStatistics()
        if batch_size is not None:
            check_integer("batch_size", batch_size, "[1, inf)")
        if steps is not None:
            check_integer("steps", steps, "[1, inf)")
        for step, (batch, *_) in enumerate(batches(data, batch_size or 1024)):
            if steps is not None and step == steps:
                break
            batch = np.asarray(keras.ops.convert_to_numpy(batch), "float64")
            if not self.built:
                self.build((None, *batch.shape[1:]))
                self.built = True
            statistics.add(self._to_rows(batch, np))
        statistics.check_not_empty()
        self.mean.assign(statistics.mean)
        if self.method != "center":
            self.matrix.assign(self._matrix_of(statistics.covariance))
        self._adapted = True

    def _matrix_of(self, covariance):
        values, vectors = np.linalg.eigh(covariance)
        values, vectors = np.maximum(values[::-1], 0), vectors[:, ::-1]
        # The sign of an eigenvector is arbitrary: make its largest entry positive.
        largest = np.abs(vectors).argmax(axis=0)
        vectors = vectors * np.sign(vectors[largest, np.arange(len(values))])
        if self.method == "decorrelate":
            return vectors
        scaled = vectors / np.sqrt(values + self.epsilon)
        return scaled if self.method == "pca" else scaled @ vectors.T

    def call(self, inputs: Any) -> Any:
        if not self._adapted and self._is_identity():
            warn(f"The layer `{self.name}` has no effect before `adapt(data)` is called.")
        dtype = wide_type(inputs.dtype, self.compute_dtype)
        x = ops.cast(inputs, dtype)
        rows = self._to_rows(x, ops) - ops.cast(self.mean, dtype)
        if self.method != "center":
            rows = rows @ ops.cast(self.matrix, dtype)
        return ops.cast(self._from_rows(rows, x), self.compute_dtype)

    def _is_identity(self):
        """Return whether the statistics are the initial ones; `set_weights` may have set them."""
        for variable in self.variables:
            value = value_of(variable.value)
            initial = np.zeros(self._features) if variable is self.mean else np.eye(self._features)
            if value is not None and not np.array_equal(value, initial):
                self._adapted = True
                return False
        return True

    def set_weights(self, weights: Any) -> None:
        super().set_weights(weights)
        self._adapted = True

    def _to_rows(self, x, module):
        return module.reshape(module.transpose(x, self._order(len(x.shape))), (-1, self._features))

    def _from_rows(self, rows, x):
        order = self._order(len(x.shape))
        shape = ops.shape(x)
        rows = ops.reshape(rows, tuple(shape[axis] for axis in order))
        return ops.transpose(rows, tuple(int(place) for place in np.argsort(order)))

    def _order(self, rank):
        return (*(axis for axis in range(rank) if axis not in self._axes), *self._axes)

    def load_own_variables(self, store: Any) -> None:
        super().load_own_variables(store)
        self._adapted = True

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        return input_shape

    def get_config(self) -> dict[str, Any]:
        names = ("method", "epsilon", "axis")
        return {**super().get_config(), **{name: getattr(self, name) for name in names}}


def _identity(shape, dtype=None):
    return ops.eye(shape[0], dtype=dtype)
