"""A learning rate of its own for each layer, around any optimizer."""

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
    """An attribute that is the inner optimizer's, as soon as there is one."""

    def get(self):
        return getattr(self.inner_optimizer, name)

    def set_(self, value):
        if "inner_optimizer" in vars(self):
            setattr(self.inner_optimizer, name, value)

    return property(get, set_)


@keras.saving.register_keras_serializable(package="kerasrecipes")
class LayerwiseLearningRates(keras.optimizers.Optimizer):
    """Trains each layer with the rate of an optimizer times a factor.

    ```
    rate(layer, t) = multiplier(layer) · rate(t)
    ```

    in the update and in the weight decay alike: each layer moves exactly as if an optimizer of its
    own with that rate trained it, whatever the optimizer does with its rate. Schedules, clipping
    (a global norm is that of all gradients), gradient accumulation, loss scaling and the callbacks
    that drive a rate work as without it. Under `mixed_float16` Keras puts its
    `LossScaleOptimizer` around it.

    Args:
        optimizer: a Keras optimizer or its name. It belongs to this one from now on. A
            `LossScaleOptimizer` goes around this one, not inside; around each optimizer of a
            `MultiOptimizer` goes one of these.
        multipliers: dict of factors >= 0. A key is the name of a layer, of a variable, or several
            names joined by `/` as in a variable's `path`; `*`, `?` and `[]` are wildcards. It
            stands for all variables that have these names, one after another, in their path. The
            key that reaches furthest into the path counts; of two that reach as far, the one
            without wildcards. Variables without a key have the factor 1.
        previous_updates: dict of integers >= 0 with the same kind of keys, or `None` (default):
            updates that layers had before this optimizer was made, where it has their slots. Adam
            and its kin divide by what a count of updates says about their slots: this makes it
            the layer's own. State that is not by variable (the product in Nadam) is shared by all.
        name: string or `None`, the name of the optimizer.
        model: `keras.Model` or `None` (default). With it a key may name a model inside the model,
            such as a functional backbone, whose name is not in the `path` of its variables.

    Raises:
        TypeError: for an argument of the wrong type.
        ValueError: for a factor or a count out of range; when it is built, if two keys say
            different things about a variable, or a key of `multipliers` names none that trains.

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
        fine-tuning". The factors are the caller's: `transfer.layerwise_multipliers` makes them from
        the stages of a network.
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
                "Argument `optimizer` must be a single Keras optimizer: wrap what is inside. "
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
        # Weak, and past the tracking of attributes: the model holds the optimizer.
        vars(self)["_model"] = None if model is None else weakref.ref(model)
        vars(self)["_paths"] = []  # in the model, of the variables that train
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
                "Argument `multipliers` must have keys that name variables that train; the name of "
                "a functional model inside the model needs the argument `model`. Received: "
                f"{unused}, which name none of {', '.join(paths)}"
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
            found = _by_name.paths_in(model)
            vars(self)["_paths"] = [found.get(id(v), v.path) for v in variables]
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
        # Keras saves the optimizer inside by itself.
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
        """Update the groups one after another, each with its rate and from the same state."""
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
        """Decay the weights of each group by its rate."""
        inner = self.inner_optimizer
        variables = [variable for variable in variables if keras_internals.decays(inner, variable)]
        for (factor, _), members in self._grouped(variables):
            with self._rate_times(factor):
                decay(inner, [variables[i] for i in members])

    def _grouped(self, variables):
        """Return [((factor, previous updates), places in `variables`)]."""
        groups = {}
        for i, variable in enumerate(variables):
            key = keras_internals.variable_key(self, variable)
            groups.setdefault(self._groups[key], []).append(i)
        return groups.items()

    @contextlib.contextmanager
    def _rate_times(self, factor):
        """Let the inner optimizer answer with its rate times `factor`."""
        inner = self.inner_optimizer
        own = keras_internals.replaced_rate(inner)
        # Replicas of TensorFlow take turns inside here, each in a thread of its own.
        own = own.own if isinstance(own, _Times) else own
        keras_internals.replace_rate(inner, _Times(inner, own, factor))
        try:
            yield
        finally:
            keras_internals.replace_rate(inner, own)


class _Times:
    """An optimizer's rate, or that of the callback that drives it, times a factor."""

    def __init__(self, optimizer, own, factor):
        self.optimizer, self.own, self.factor = optimizer, own, factor

    def __call__(self):
        if self.own is not None:
            return self.own() * self.factor
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
