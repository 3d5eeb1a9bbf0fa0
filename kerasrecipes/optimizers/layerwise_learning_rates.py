"""LayerwiseLearningRates: one learning rate per layer, with any optimizer."""

import contextlib
import functools
import weakref
from typing import Any

import keras
from keras import ops

from kerasrecipes._backend import keras_internals
from kerasrecipes._validation import check_integer, check_number
from kerasrecipes.optimizers import _by_name, _slots


def _of_inner(name):
    """Return a property that reads and sets the attribute of the inner optimizer."""

    def get(self):
        return getattr(self.inner_optimizer, name)

    def set_(self, value):
        if "inner_optimizer" in vars(self):
            setattr(self.inner_optimizer, name, value)

    return property(get, set_)


@keras.saving.register_keras_serializable(package="kerasrecipes")
class LayerwiseLearningRates(keras.optimizers.Optimizer):
    """Trains each layer with the learning rate of an optimizer times a factor.

    ```
    rate(layer, t) = multiplier(layer) · rate(t)
    ```

    in both the update and the weight decay: each layer is trained exactly as by a separate
    optimizer with that rate. Schedules, clipping (a global norm is that of all gradients), gradient
    accumulation, loss scaling and callbacks that set the rate work as without this wrapper. With
    `mixed_float16` Keras wraps it in a `LossScaleOptimizer`.

    Args:
        optimizer: a Keras optimizer or its name; do not use it elsewhere. It must be a single
            optimizer: put a `LossScaleOptimizer` around this wrapper, and this wrapper around each
            optimizer of a `MultiOptimizer`.
        multipliers: dict of factors >= 0. A key is the name of a layer or a variable, or several
            names joined by `/` as in a variable's `path`; `*`, `?` and `[]` are wildcards. It
            matches all variables with these names, one after another, in their path. The match
            that ends deepest in the path is used; of two that end equally deep, the one without
            wildcards. Variables that no key matches have the factor 1.
        previous_updates: dict of ints >= 0 with the same kind of keys, or `None` (default): the
            updates that layers had before this optimizer was created, if it has their slots. Adam
            and similar optimizers correct the bias of their slots by the number of updates: this
            makes the number right per layer. State that is not per variable (the product in
            Nadam) is shared by all layers.
        name: str or `None`, the name of the optimizer.
        model: `keras.Model` or `None` (default). If given, a key may also name a nested functional
            model, such as a backbone; its name is not in the `path` of its variables.

    Raises:
        TypeError: for an argument of the wrong type.
        ValueError: for a factor or a count out of range; when it is built, if two keys give
            different values to a variable, or a key of `multipliers` matches no trainable
            variable.

    Example:

    >>> import numpy as np, keras
    >>> from kerasrecipes.optimizers import LayerwiseLearningRates
    >>> model = keras.Sequential([
    ...     keras.Input((1,)),
    ...     keras.layers.Dense(1, use_bias=False, kernel_initializer="ones", name="early"),
    ...     keras.layers.Dense(1, use_bias=False, kernel_initializer="ones", name="late"),
    ... ])
    >>> model.compile(LayerwiseLearningRates(keras.optimizers.SGD(0.5), {"early": 0.1}), "mse")
    >>> history = model.fit(np.ones((1, 1)), np.zeros((1, 1)), verbose=0)
    >>> [round(weight.item(), 3) for weight in model.get_weights()]  # both gradients are 2
    [0.9, 0.0]

    Reference: Howard & Ruder (2018), https://arxiv.org/abs/1801.06146, "discriminative
        fine-tuning". `transfer.layerwise_multipliers` computes factors from the stages of a
        network.
    """

    def __init__(
        self,
        optimizer: Any,
        multipliers: dict[str, float],
        previous_updates: dict[str, int] | None = None,
        name: str | None = None,
        model: keras.Model | None = None,
    ) -> None:
        inner = keras.optimizers.get(optimizer)
        if hasattr(inner, "inner_optimizer") or hasattr(inner, "optimizers"):
            raise TypeError(
                "Argument `optimizer` must be a single Keras optimizer: wrap the one inside. "
                f"Received: optimizer={inner!r}"
            )
        _check_values("multipliers", multipliers, check_number)
        _check_values("previous_updates", previous_updates or {}, check_integer)
        if model is not None and not isinstance(model, keras.Model):
            raise TypeError(
                f"Argument `model` must be a Keras model or None. Received: model={model!r}"
            )
        super().__init__(learning_rate=0.0, name=name)
        self.inner_optimizer = inner
        self.multipliers = dict(multipliers)
        self.previous_updates = dict(previous_updates or {})
        self._groups = {}
        # A weak reference, hidden from Keras's attribute tracking: the model owns the optimizer.
        vars(self)["_model"] = None if model is None else weakref.ref(model)
        vars(self)["_paths"] = []  # paths in the model of the trainable variables
        keras_internals.replace_update_step(
            inner,
            functools.partial(
                self._update,
                keras_internals.update_step(inner),
                keras_internals.step_counter(inner),
            ),
        )
        keras_internals.replace_weight_decay_step(
            inner, functools.partial(self._decay, keras_internals.weight_decay_step(inner))
        )

    def build(self, variables: Any) -> None:
        if self.built:
            return
        self.inner_optimizer.build(variables)
        self.built = True
        keras_internals.set_optimized_variables(self, variables)
        vars(self)["_shared"] = _slots.shared_variables(self.inner_optimizer)
        paths = self._paths_of(variables)
        unused = _by_name.unused(paths, self.multipliers)
        if unused:
            raise ValueError(
                "Argument `multipliers` must have keys that match trainable variables; the name of "
                "a nested functional model needs the argument `model`. Received: "
                f"{unused}, which match none of {', '.join(paths)}"
            )
        self._groups = {
            keras_internals.variable_key(self, variable): (
                _by_name.value_of(path, self.multipliers, 1.0),
                _by_name.value_of(path, self.previous_updates, 0),
            )
            for variable, path in zip(variables, paths)
        }

    def _paths_of(self, variables):
        model = self._model and self._model()
        if model is not None:
            paths = _by_name.paths_in(model)
            vars(self)["_paths"] = [paths.get(id(v), v.path) for v in variables]
        if len(self._paths) == len(variables):
            return self._paths
        return [variable.path for variable in variables]

    def apply(self, grads: Any, trainable_variables: Any = None) -> Any:
        if not self.built:
            self.build(list(trainable_variables))
        self.inner_optimizer.apply(
            grads, trainable_variables or keras_internals.optimized_variables(self)
        )
        keras_internals.step_counter(self).assign_add(1)

    use_ema = _of_inner("use_ema")
    loss_scale_factor = _of_inner("loss_scale_factor")
    gradient_accumulation_steps = _of_inner("gradient_accumulation_steps")
    weight_decay = _of_inner("weight_decay")

    @property
    def variables(self) -> Any:
        return [*keras_internals.own_variables(self), *self.inner_optimizer.variables]

    @property
    def learning_rate(self) -> Any:
        return self.inner_optimizer.learning_rate

    @learning_rate.setter
    def learning_rate(self, learning_rate: Any) -> None:
        self.inner_optimizer.learning_rate = learning_rate

    @property
    def iterations(self) -> Any:
        return self.inner_optimizer.iterations

    def scale_loss(self, loss: Any) -> Any:
        return self.inner_optimizer.scale_loss(loss)

    def finalize_variable_values(self, var_list: Any) -> None:
        self.inner_optimizer.finalize_variable_values(var_list)

    def exclude_from_weight_decay(self, var_list: Any = None, var_names: Any = None) -> None:
        self.inner_optimizer.exclude_from_weight_decay(var_list, var_names)

    def save_own_variables(self, store: Any) -> None:
        # Keras itself saves the inner optimizer.
        for i, variable in enumerate(keras_internals.own_variables(self)):
            store[str(i)] = ops.convert_to_numpy(variable)

    def load_own_variables(self, store: Any) -> None:
        for i, variable in enumerate(keras_internals.own_variables(self)):
            variable.assign(store[str(i)])

    def get_config(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "optimizer": keras.saving.serialize_keras_object(self.inner_optimizer),
            "multipliers": self.multipliers,
            "previous_updates": self.previous_updates,
            "paths": list(self._paths),
        }

    @classmethod
    def from_config(
        cls, config: dict[str, Any], custom_objects: dict[str, Any] | None = None
    ) -> Any:
        optimizer = keras.saving.deserialize_keras_object(config["optimizer"], custom_objects)
        config = {**config, "optimizer": optimizer}
        paths = config.pop("paths", [])
        optimizer = cls(**config)
        vars(optimizer)["_paths"] = list(paths)
        return optimizer

    def _update(self, update, count, grads, variables, learning_rate):
        """Update group after group, each with its rate and from the same shared state."""
        inner = self.inner_optimizer
        every = inner.gradient_accumulation_steps or 1
        before = [ops.copy(variable) for variable in self._shared]
        for number, ((factor, previous), members) in enumerate(self._grouped(variables)):
            if number:
                for variable, value in zip(self._shared, before):
                    variable.assign(value)
            rate = learning_rate if factor == 1 else ops.multiply(learning_rate, factor)
            shifted = ops.add(count, previous * every) if previous else count
            keras_internals.replace_step_counter(inner, shifted)
            try:
                update(inner, [grads[i] for i in members], [variables[i] for i in members], rate)
            finally:
                keras_internals.replace_step_counter(inner, count)

    def _decay(self, decay, variables):
        """Decay the weights of each group with the group's rate."""
        inner = self.inner_optimizer
        variables = [variable for variable in variables if keras_internals.decays(inner, variable)]
        for (factor, _), members in self._grouped(variables):
            with self._rate_times(factor):
                decay(inner, [variables[i] for i in members])

    def _grouped(self, variables):
        """Return [((factor, previous updates), indices in `variables`)]."""
        groups = {}
        for i, variable in enumerate(variables):
            key = keras_internals.variable_key(self, variable)
            groups.setdefault(self._groups[key], []).append(i)
        return groups.items()

    @contextlib.contextmanager
    def _rate_times(self, factor):
        """Multiply the inner optimizer's learning rate by `factor` within the context."""
        inner = self.inner_optimizer
        original = keras_internals.replaced_rate(inner)
        # TensorFlow's replicas run in threads that may interleave here: never scale twice.
        original = original.original if isinstance(original, _ScaledRate) else original
        keras_internals.replace_rate(inner, _ScaledRate(inner, original, factor))
        try:
            yield
        finally:
            keras_internals.replace_rate(inner, original)


class _ScaledRate:
    """The learning rate of an optimizer, or of a callback that replaces it, times a factor."""

    def __init__(self, optimizer, original, factor):
        self.optimizer, self.original, self.factor = optimizer, original, factor

    def __call__(self):
        if self.original is not None:
            return self.original() * self.factor
        return keras_internals.compiled_rate(self.optimizer) * self.factor


def _check_values(name, values, check):
    if not isinstance(values, dict):
        raise TypeError(
            f"Argument `{name}` must be a dict from names to numbers. Received: {name}={values!r}"
        )
    for key, value in values.items():
        if not isinstance(key, str) or not key:
            raise TypeError(
                f"Argument `{name}` must have names as keys. Received: {name}={values!r}"
            )
        check(f"{name}[{key!r}]", value, "[0, inf)")
