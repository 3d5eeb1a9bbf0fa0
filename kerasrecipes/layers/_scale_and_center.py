"""Base of the normalisation layers: the channel axis, `gamma` and `beta`."""

import keras

from kerasrecipes._validation import check_axis, check_boolean, check_number, check_rank


class ScaleAndCenter(keras.layers.Layer):
    """Adds `gamma` and `beta` along the channel axis, with the weights and options of Keras."""

    def __init__(
        self,
        axis,
        epsilon,
        center,
        scale,
        beta_initializer="zeros",
        gamma_initializer="ones",
        beta_regularizer=None,
        gamma_regularizer=None,
        beta_constraint=None,
        gamma_constraint=None,
        **kwargs,
    ):
        super().__init__(**kwargs)
        check_axis("axis", axis)
        check_number("epsilon", epsilon, "(0, inf)")
        check_boolean("center", center)
        check_boolean("scale", scale)
        self.axis = axis
        self.epsilon = epsilon
        self.center = center
        self.scale = scale
        self.beta_initializer = keras.initializers.get(beta_initializer)
        self.gamma_initializer = keras.initializers.get(gamma_initializer)
        self.beta_regularizer = keras.regularizers.get(beta_regularizer)
        self.gamma_regularizer = keras.regularizers.get(gamma_regularizer)
        self.beta_constraint = keras.constraints.get(beta_constraint)
        self.gamma_constraint = keras.constraints.get(gamma_constraint)
        self.gamma = None
        self.beta = None

    def _build_channels(self, input_shape, least_rank):
        """Check the shape, add `gamma` and `beta`, return the number of channels."""
        rank = len(input_shape)
        check_rank("inputs", input_shape, least_rank)
        if not -rank < self.axis < rank or self.axis == 0:
            raise ValueError(
                f"Argument `axis` must be in [1, {rank - 1}] or [{1 - rank}, -1] for inputs of "
                f"rank {rank}. Received: axis={self.axis}"
            )
        channels = input_shape[self.axis]
        if channels is None:
            raise ValueError(
                "Argument `axis` must be an axis of known size. Received: "
                f"axis={self.axis}, inputs.shape={tuple(input_shape)}"
            )
        self.input_spec = keras.layers.InputSpec(ndim=rank, axes={self.axis: channels})
        for name, wanted in (("gamma", self.scale), ("beta", self.center)):
            if wanted:
                weight = self.add_weight(
                    shape=(channels,),
                    name=name,
                    initializer=getattr(self, f"{name}_initializer"),
                    regularizer=getattr(self, f"{name}_regularizer"),
                    constraint=getattr(self, f"{name}_constraint"),
                    autocast=False,
                )
                setattr(self, name, weight)
        return channels

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        config = {"axis": self.axis, "epsilon": self.epsilon}
        config |= {"center": self.center, "scale": self.scale}
        for kind in ("initializer", "regularizer", "constraint"):
            serialize = getattr(keras, f"{kind}s").serialize
            for weight in ("beta", "gamma"):
                config[f"{weight}_{kind}"] = serialize(getattr(self, f"{weight}_{kind}"))
        return {**super().get_config(), **config}
