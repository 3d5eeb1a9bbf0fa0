"""Building blocks of residual networks: convolutions, branches, shortcuts."""

import itertools

import keras
from keras import ops

from kerasrecipes.layers import StochasticDepth
from kerasrecipes.models.normalization import channel_axis, normalization_layer

DROPS = 2**20  # more than the number of kernels of any network


class ResidualParts:
    """Creates the layers of one network, all with its normalisation, regularizer and seed."""

    def __init__(self, normalization, kernel_regularizer, stochastic_depth_mode, seed):
        self.normalization = normalization
        self.stochastic_depth_mode = stochastic_depth_mode
        self.kernel_regularizer = kernel_regularizer
        self._seeds = _seeds_from(seed)
        # Separate seeds, so that the initial weights do not depend on the use of dropout.
        self._seeds_of_drops = _seeds_from(None if seed is None else seed + DROPS)

    def convolution(self, filters, size, stride, name):
        """A convolution without bias, "same" padding, He-normal."""
        return keras.layers.Conv2D(
            filters,
            size,
            strides=stride,
            padding="same",
            use_bias=False,
            kernel_initializer=keras.initializers.HeNormal(seed=next(self._seeds)),
            kernel_regularizer=self.kernel_regularizer,
            name=name,
        )

    def normalize(self, channels, name):
        return normalization_layer(self.normalization, channels, name)

    def relu(self, name):
        return keras.layers.ReLU(name=name)

    def dropout(self, rate, name):
        return keras.layers.Dropout(rate, seed=next(self._seeds_of_drops), name=name)

    def residual(self, x, shortcut, branch, rate, name):
        """Return `shortcut(x) + branch(x)`, lists of layers; the branch is dropped with `rate`."""
        if rate > 0:
            if self.stochastic_depth_mode == "batch":
                _keep_to_each_replica(branch)
            path = keras.Sequential(shortcut, name=f"{name}_path") if shortcut else None
            branch = keras.Sequential(branch, name=f"{name}_branch")
            block = StochasticDepth(
                branch,
                rate,
                mode=self.stochastic_depth_mode,
                shortcut=path,
                seed=next(self._seeds_of_drops),
                name=f"{name}_drop",
            )
            return block(x)
        change = x
        for layer in shortcut:
            x = layer(x)
        for layer in branch:
            change = layer(change)
        return keras.layers.Add(name=f"{name}_add")([x, change])

    def classifier(self, x, classes, activation):
        """Global average pooling and a linear map, in float32 under mixed precision."""
        x = keras.layers.GlobalAveragePooling2D(name="pool")(x)
        return keras.layers.Dense(
            classes,
            activation=activation,
            kernel_initializer=keras.initializers.GlorotUniform(seed=next(self._seeds)),
            kernel_regularizer=self.kernel_regularizer,
            dtype=keras.config.dtype_policy().variable_dtype,
            name="classifier",
        )(x)


def _keep_to_each_replica(layers):
    """Leave statistics over all replicas out, which TensorFlow has no way to sum under a gate."""
    for layer in layers:
        if getattr(layer, "synchronized", False):
            layer.synchronized = False


def _seeds_from(seed):
    return itertools.repeat(None) if seed is None else itertools.count(seed)


def padded_shortcut(channels, filters, stride, name):
    """Return layers that keep every `stride`-th pixel and add zero channels (He's option A)."""
    before = (filters - channels) // 2
    after = filters - channels - before
    return [
        *([keras.layers.AveragePooling2D(1, stride, name=f"{name}_subsample")] * (stride > 1)),
        *([ZeroChannels(before, after, name=f"{name}_pad")] * (filters > channels)),
    ]


@keras.saving.register_keras_serializable(package="kerasrecipes")
class ZeroChannels(keras.layers.Layer):
    """Adds channels of zeros before and after the others, for shortcuts without weights."""

    def __init__(self, before, after, **kwargs):
        super().__init__(**kwargs)
        self.before = before
        self.after = after

    def call(self, inputs):
        return ops.pad(inputs, self._padding(len(inputs.shape)))

    def compute_output_shape(self, input_shape):
        shape = list(input_shape)
        shape[channel_axis()] += self.before + self.after
        return tuple(shape)

    def get_config(self):
        return {**super().get_config(), "before": self.before, "after": self.after}

    def _padding(self, rank):
        padding = [(0, 0)] * rank
        padding[channel_axis()] = (self.before, self.after)
        return padding
