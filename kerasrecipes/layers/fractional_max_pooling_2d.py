"""FractionalMaxPooling2D: pooling by a factor between 1 and 2."""

import math
from typing import Any

import keras
from keras import ops

from kerasrecipes._backend.accelerator import on_gpu
from kerasrecipes._backend.random_draws import draw_uniform, draw_uniform_on_gpu, own_seed_generator
from kerasrecipes._validation import check_boolean, check_choice, check_number
from kerasrecipes.ops import fractional_boundaries, fractional_max_pool, fractional_starts


@keras.saving.register_keras_serializable(package="kerasrecipes")
class FractionalMaxPooling2D(keras.Layer):
    """Max pooling over regions of width 1 or 2 in random order: shrinks by a factor below 2.

    size_out = max(floor(size_in / pooling_ratio), ceil(size_in / 2))

    Training draws new regions per example and step, separately for rows and columns and shared by
    all channels. Inference uses fixed pseudo-random regions (u = 1/2); to average predictions over
    random regions, as the paper does, call with `training=True`.

    On a GPU with PyTorch a NaN that is not first in its window is no maximum; but then the first
    value of the result is NaN.

    Args:
        pooling_ratio: float in (1, 2]. Defaults to 1.414.
        pseudo_random: bool. `True`: evenly spaced regions with one random shift u; `False`:
            increments of 1 and 2 in a shuffled order. Defaults to `True`.
        overlapping: bool. `True`: windows of width 2 with starts that advance by 1 or 2;
            `False`: disjoint regions of width 1 or 2. Defaults to `True`.
        seed: int or `None`.
        data_format: `"channels_last"`, `"channels_first"` or `None` for Keras's setting.
        **kwargs: `name`, `dtype` and other arguments of `keras.Layer`.

    Input shape: `(N, H, W, C)`, or `(N, C, H, W)` with `"channels_first"`; H and W are at least 2
        with `overlapping`, and not `None` when the layer is called.
    Output shape: `(N, H_out, W_out, C)` or `(N, C, H_out, W_out)`.

    Raises:
        ValueError, TypeError: if an argument is out of its range or of the wrong type, or the
            input is not of rank 4, or is too small.

    Example:

    >>> import keras
    >>> from kerasrecipes import layers
    >>> pool = layers.FractionalMaxPooling2D(pooling_ratio=1.414, seed=0)
    >>> tuple(pool(keras.random.normal((2, 36, 25, 3)), training=True).shape)
    (2, 25, 17, 3)

    Reference: Graham, 2014, Fractional max-pooling, https://arxiv.org/abs/1412.6071. Regions as in
    Graham's code and PyTorch: the paper's overlapping regions are closed intervals of width 2 or 3.
    """

    def __init__(
        self,
        pooling_ratio: float = 1.414,
        pseudo_random: bool = True,
        overlapping: bool = True,
        seed: int | None = None,
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        check_number("pooling_ratio", pooling_ratio, "(1, 2]")
        check_boolean("pseudo_random", pseudo_random)
        check_boolean("overlapping", overlapping)
        check_choice("data_format", data_format, (None, "channels_last", "channels_first"))
        self.pooling_ratio = pooling_ratio
        self.pseudo_random = pseudo_random
        self.overlapping = overlapping
        self.seed = seed
        self.seed_generator = own_seed_generator(seed)
        self.data_format = data_format
        self.input_spec = keras.layers.InputSpec(ndim=4)
        self._format = data_format or keras.config.image_data_format()
        self._spatial = (1, 2) if self._format == "channels_last" else (2, 3)

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        smallest = 2 if self.overlapping else 1
        for axis in self._spatial:
            if input_shape[axis] is not None and input_shape[axis] < smallest:
                raise ValueError(
                    f"FractionalMaxPooling2D needs an input at least {smallest} high and wide. "
                    f"Received: input_shape={input_shape}"
                )

    def call(self, x: Any, training: bool | None = None) -> Any:
        if any(x.shape[axis] is None for axis in self._spatial):
            raise ValueError(
                "FractionalMaxPooling2D needs to know the height and width of its input. "
                f"Received: an input of shape {x.shape}"
            )
        rows, columns = self._regions(x, training)
        window = 2 if self.overlapping else None
        return fractional_max_pool(x, rows, columns, window, self._format)

    def _regions(self, x, training):
        """Return the starts, or the boundaries, of rows and of columns."""
        sizes = [x.shape[axis] for axis in self._spatial]
        if not training:
            return [self._starts(size, None) for size in sizes]
        shapes = [self._shape_of_draws(size, ops.shape(x)[0]) for size in sizes]
        if keras.backend.backend() != "torch" or not on_gpu(x):
            draws = [draw_uniform(shape, self.seed_generator) for shape in shapes]
        elif sizes[0] == sizes[1]:
            # One operation for both axes: on a GPU the host would be the limit.
            return self._starts(sizes[0], draw_uniform_on_gpu((2, *shapes[0]), self.seed_generator))
        else:
            draws = [draw_uniform_on_gpu(shape, self.seed_generator) for shape in shapes]
        return [self._starts(size, drawn) for size, drawn in zip(sizes, draws)]

    def _shape_of_draws(self, size, samples):
        """Return the shape of the shifts, or of the keys to sort increments by."""
        return (samples,) if self.pseudo_random else (samples, self._span_and_steps(size)[1])

    def _starts(self, size, drawn):
        """Return the starts of windows, or the boundaries of disjoint regions, along one axis."""
        place = fractional_starts if self.overlapping else fractional_boundaries
        span, steps = self._span_and_steps(size)
        if drawn is None:
            # Regions at round(j·α): any other u shifts the image by some pixels in each layer.
            drawn = steps / (2 * span) if span else 0.0
        elif not self.pseudo_random:
            return shuffled_increments(drawn, span - steps)
        return place(size, self._size_out(size), drawn)

    def _span_and_steps(self, size):
        """Return the distance from the first region to the last, and the increments it is of."""
        size_out = self._size_out(size)
        return (size - 2, size_out - 1) if self.overlapping else (size, size_out)

    def _size_out(self, size):
        return None if size is None else max(int(size / self.pooling_ratio), math.ceil(size / 2))

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        shape = list(input_shape)
        for axis in self._spatial:
            shape[axis] = self._size_out(shape[axis])
        return tuple(shape)

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "pooling_ratio": self.pooling_ratio,
            "pseudo_random": self.pseudo_random,
            "overlapping": self.overlapping,
            "seed": self.seed,
            "data_format": self.data_format,
        }


def shuffled_increments(keys, twos):
    """Return the cumulative sum, from 0, of increments 1 and `twos` times 2, sorted by `keys`."""
    increments = 1 + ops.cast(ops.argsort(keys, axis=-1) < twos, "int32")
    padding = ((0, 0),) * (len(keys.shape) - 1) + ((1, 0),)
    return ops.pad(ops.cumsum(increments, axis=-1), padding)
