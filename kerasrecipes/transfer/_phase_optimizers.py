"""The optimizer of a phase: a copy with the phase's learning rates and the earlier slots."""

import copy

import keras

from kerasrecipes._backend.updating_optimizers import updating_optimizers
from kerasrecipes.optimizers import LayerwiseLearningRates, _by_name, _slots
from kerasrecipes.transfer.layerwise_multipliers import layerwise_multipliers


class PhaseOptimizers:
    """Creates the optimizers of the phases, one after another.

    Each counts its updates from 0, as the phase's schedule does. Variables that were trained in
    earlier phases keep their slots and their number of updates.

    Args:
        model: the model.
        optimizer: `keras.optimizers.Optimizer` to copy for each phase. It is not changed.

    Attributes:
        last: the optimizer of the last phase, or `None`.
    """

    def __init__(self, model, optimizer):
        if hasattr(optimizer, "optimizers"):
            raise TypeError(
                "Argument `optimizer` must be an optimizer with one learning rate. "
                f"Received: optimizer={optimizer!r}"
            )
        self._model = model
        self._loss_scale, optimizer = _without(optimizer, keras.optimizers.LossScaleOptimizer)
        layerwise, optimizer = _without(optimizer, LayerwiseLearningRates)
        self._multipliers = (layerwise or {}).get("multipliers", {})
        self._config = keras.saving.serialize_keras_object(optimizer)
        self._paths = _by_name.paths_in(model)
        self._updates = {}
        self.last = None
        paths = [self._path_of(variable) for variable in model.variables]
        unused = _by_name.unused(paths, self._multipliers)
        if unused:
            raise ValueError(
                "Argument `optimizer` must have multipliers for layers of the model. Received: "
                f"{unused}, which name none of the variables of {model.name}"
            )

    def make(self, phase):
        """Return a new unbuilt optimizer for a model that is frozen for `phase`."""
        config = copy.deepcopy(self._config)
        rate = phase.learning_rate
        if rate is not None:
            is_schedule = isinstance(rate, keras.optimizers.schedules.LearningRateSchedule)
            rate = keras.saving.serialize_keras_object(rate) if is_schedule else float(rate)
            config["config"]["learning_rate"] = rate
        optimizer = keras.saving.deserialize_keras_object(config)
        paths = [self._path_of(variable) for variable in self._model.trainable_variables]
        multipliers = self._multipliers_of(phase)
        unused = _by_name.unused(paths, multipliers)
        multipliers = {key: value for key, value in multipliers.items() if key not in unused}
        previous = {path: self._updates[path] for path in paths if path in self._updates}
        if any(value != 1 for value in multipliers.values()) or previous:
            optimizer = LayerwiseLearningRates(optimizer, multipliers, previous, model=self._model)
        if self._loss_scale is not None:
            optimizer = keras.optimizers.LossScaleOptimizer(optimizer, **self._loss_scale)
        return optimizer

    def build(self, optimizer):
        """Build the optimizer of the compiled model, with the slots of the last one."""
        optimizer.build(self._model.trainable_variables)
        if self.last is not None:
            _slots.carry_over(self.last, optimizer)
        self.last = optimizer

    def count(self):
        """Add the updates of the finished phase to the numbers of updates of its variables."""
        done = int(keras.ops.convert_to_numpy(updating_optimizers(self.last)[0].iterations))
        for variable in self._model.trainable_variables:
            path = self._path_of(variable)
            self._updates[path] = self._updates.get(path, 0) + done

    def _path_of(self, variable):
        return self._paths.get(id(variable), variable.path)

    def _multipliers_of(self, phase):
        if phase.decay == 1:
            return self._multipliers
        if self._multipliers:
            raise ValueError(
                "Argument `decay` must be 1 if the optimizer has multipliers. "
                f"Received: decay={phase.decay}"
            )
        return layerwise_multipliers(self._model, phase.decay)


def _without(optimizer, kind):
    """Return (options, inner optimizer) of a wrapper of this kind, else (None, optimizer)."""
    if not isinstance(optimizer, kind):
        return None, optimizer
    options = ("initial_scale", "dynamic_growth_steps", "multipliers")
    chosen = {key: value for key, value in optimizer.get_config().items() if key in options}
    return chosen, optimizer.inner_optimizer
