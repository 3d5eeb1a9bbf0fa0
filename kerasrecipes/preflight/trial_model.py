"""A copy of a model on which things are tried out."""

import keras
import numpy as np

from kerasrecipes._backend import keras_internals
from kerasrecipes._backend.updating_optimizers import updating_optimizers
from kerasrecipes.callbacks._rebuilt_model import rebuild
from kerasrecipes.inference._statistics import with_training

NOISE = ("rate", "stddev")
AUGMENTATION = ("Rand", "MixUp", "CutMix", "AugMix", "AutoContrast")  # Keras's layers


class TrialModel:
    """A compiled copy of a model, with the weights of the original.

    Args:
        model: compiled and built `keras.Model`, which is not changed.
        x: inputs of some examples.

    Attributes:
        model: the copy.
        original: the model.

    Raises:
        ValueError: if the model's configuration does not give the same model again.
    """

    def __init__(self, model, x):
        try:
            self.model = rebuild(model)
        except ValueError as error:
            raise ValueError(
                "preflight tries things out on a copy: give the class of the model `get_config`, "
                f"and create its weights in `build`. {error.__cause__ or error}. Received: model "
                f"of class {type(model).__name__}"
            ) from error
        self.original = model
        self._variables = [np.array(keras.ops.convert_to_numpy(v)) for v in model.variables]
        if len(self.model.variables) != len(self._variables):
            self.forward(x)
        self.compile(keras.optimizers.SGD(0.0))
        self.restore()

    def compile(self, optimizer, **options):
        """Compile the copy with the loss of the original."""
        compiled = keras_internals.compile_options(self.original)
        options = {"loss_weights": compiled.get("loss_weights"), **options}
        if compiled.get("run_eagerly"):
            options["run_eagerly"] = True
        # XLA takes longer to compile on TensorFlow than so few steps take without it.
        jit = False if keras.backend.backend() == "tensorflow" else "auto"
        self.model.compile(optimizer, loss=self.original.loss, jit_compile=jit, **options)

    def restore(self):
        """Give the copy the weights, statistics and seeds of the original."""
        for variable, value in zip(self.model.variables, self._variables, strict=True):
            variable.assign(value)
        for layer in keras_internals.flatten_layers(self.model):
            if hasattr(
                layer, "finalize_state"
            ):  # Normalization computes with copies of its weights
                layer.finalize_state()

    def forward(self, x, training=False):
        """Return the outputs as arrays; no statistics move."""
        with keras.StatelessScope():
            outputs = self.model(tensors(x), training=training)
        return keras.tree.map_structure(to_numpy, outputs)

    def loss(self, x, y, outputs=None, training=False):
        """Return (loss of the data, penalty of regularisers), of the copy or of given outputs."""
        # Regularisers ask the scope for the values of their weights.
        weights = [(v, v.value) for v in self.model.trainable_variables]
        with keras.StatelessScope(state_mapping=weights, collect_losses=True):
            calculated = self.model(tensors(x), training=training)
            penalty = sum((float(to_numpy(loss)) for loss in self.model.losses), 0.0)
            if outputs is not None:
                calculated = tensors(outputs)
            total = self.model.compute_loss(
                x=tensors(x), y=tensors(y), y_pred=calculated, training=training
            )
        return float(to_numpy(total)) - penalty, penalty

    def remove_noise(self):
        """Switch off dropout and other noise, random image layers and regularisers."""
        for layer in keras_internals.flatten_layers(self.model):
            _remove_noise_of(layer)
            if getattr(layer, "activity_regularizer", None) is not None:
                layer.activity_regularizer = None
        for variable in self.model.trainable_variables:
            variable.regularizer = None

    def optimizer_at(self, rate):
        """Return a new optimizer like the original's, at a constant rate.

        Raises:
            ValueError: if it cannot be made again.
        """
        optimizer = self.original.optimizer
        if isinstance(optimizer, keras.optimizers.MultiOptimizer):
            optimizer.build(self.original.trainable_variables)  # as `fit` does first
        inner = updating_optimizers(optimizer)
        if len(inner) > 1:
            return self._several(inner, rate)
        return _again(inner[0], rate)

    def _several(self, optimizers, rate):
        """Return several optimizers, each for the weights that the original has it for."""
        number = {id(v): i for i, v in enumerate(self.original.variables)}
        ours, owner = self.model.variables, {}
        for optimizer in optimizers:
            again = _again(optimizer, rate)
            for variable in keras_internals.optimized_variables(optimizer):
                owner[id(ours[number[id(variable)]])] = again
        return keras.optimizers.MultiOptimizer(lambda variable: owner[id(variable)])


def _remove_noise_of(layer):
    if type(layer).__name__.startswith(AUGMENTATION):
        keras_internals.replace_call(layer, with_training(layer.call, False))
    elif keras_internals.own_seed_generators(layer):
        for name in NOISE:
            if isinstance(getattr(layer, name, None), float | int):
                setattr(layer, name, 0.0)


def _again(optimizer, rate):
    try:
        config = {**optimizer.get_config(), "learning_rate": rate, "use_ema": False}
        return type(optimizer).from_config(config)
    except Exception as error:  # whatever a user's own class raises
        raise ValueError(
            "The optimizer must be one that its configuration gives again. Received: "
            f"{type(optimizer).__name__} ({type(error).__name__})"
        ) from error


def tensors(structure):
    return keras.tree.map_structure(keras.ops.convert_to_tensor, structure)


def to_numpy(tensor):
    return keras.ops.convert_to_numpy(tensor)
