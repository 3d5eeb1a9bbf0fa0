"""Ensemble: one model that averages several models."""

from collections.abc import Sequence
from typing import Any

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="kerasrecipes")
class Ensemble(keras.Model):
    """Averages the probabilities that several models predict for the same input.

    ```
    p(x) = mean over m of models[m](x)
    ```

    It is an ordinary Keras model: it predicts, can be evaluated once compiled, and is saved with
    all its members to one `.keras` file. The members have the same input and separate weights.

    Args:
        models: list of built `keras.Model`s with probabilities (softmax or sigmoid) as outputs, all
            of the same shape.
        **kwargs: `name` and other arguments of `keras.Model`.

    Input shape:
        That of the members.

    Output shape:
        That of the members' outputs, in float32, or in float64 if a member's output is.

    Raises:
        ValueError: if the list is empty, a model is not built, or shapes differ.
        TypeError: if `models` is not a list of models.

    Example:

    >>> import numpy as np, keras
    >>> from kerasrecipes.inference import Ensemble
    >>> softmax = keras.Sequential([keras.Input((2,)), keras.layers.Softmax()])
    >>> reverse = keras.Sequential([keras.Input((2,)), keras.layers.Softmax()])
    >>> print(Ensemble([softmax, reverse]).predict(np.zeros((1, 2)), verbose=0))
    [[0.5 0.5]]

    Reference: Huang, Li, Pleiss et al. (2017), https://arxiv.org/abs/1704.00109, average
        probabilities, not logits.
    """

    def __init__(self, models: Sequence[keras.Model], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        _check_models(models)
        self.models = list(models)
        self.built = True

    def build(self, input_shape: Any = None) -> None:
        """Do nothing: the members are built."""

    def call(self, inputs: Any, training: bool | None = None) -> Any:
        outputs = [model(inputs, training=training) for model in self.models]
        return keras.tree.map_structure(lambda *members: _mean(members), *outputs)

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        return self.models[0].compute_output_shape(input_shape)

    @property
    def input_shape(self) -> Any:
        return self.models[0].input_shape

    @property
    def output_shape(self) -> Any:
        return self.models[0].output_shape

    def get_config(self) -> dict[str, Any]:
        members = [keras.saving.serialize_keras_object(model) for model in self.models]
        for member in members:
            member.pop("compile_config", None)
        return {**super().get_config(), "models": members}

    @classmethod
    def from_config(
        cls, config: dict[str, Any], custom_objects: dict[str, Any] | None = None
    ) -> Any:
        config = dict(config)
        members = config.pop("models")
        models = [
            keras.saving.deserialize_keras_object(member, custom_objects=custom_objects)
            for member in members
        ]
        return cls(models, **config)


def _mean(members):
    dtype = keras.backend.result_type("float32", *(member.dtype for member in members))
    return ops.mean(ops.stack([ops.cast(member, dtype) for member in members]), axis=0)


def _check_models(models):
    if not isinstance(models, (list, tuple)):
        raise TypeError(f"Argument `models` must be a list of models. Received: models={models!r}")
    if not models:
        raise ValueError("Argument `models` must hold at least one model. Received: models=[]")
    for model in models:
        if not isinstance(model, keras.Model):
            raise TypeError(
                "Argument `models` must hold keras.Model objects only. "
                f"Received: {model!r} (of type {type(model).__name__})"
            )
        if not model.built:
            raise ValueError(
                f"Argument `models` must hold built models only. Received: {model.name}, not built"
            )
    shapes = [_shapes(model) for model in models]
    if any(shape != shapes[0] for shape in shapes):
        raise ValueError(
            "Argument `models` must hold models of the same input and output shape. "
            f"Received: (input, output) shapes {shapes}"
        )


def _shapes(model):
    """Return input and output shape; `None` if a subclassed model does not have them."""
    return getattr(model, "input_shape", None), getattr(model, "output_shape", None)
