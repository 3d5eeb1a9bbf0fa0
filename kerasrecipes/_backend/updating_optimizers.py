"""Finds the optimizers of a model inside their wrappers."""

import keras


def updating_optimizers(optimizer):
    """Return the optimizers that update variables, inside wrappers at any depth.

    `LossScaleOptimizer` and `LayerwiseLearningRates` wrap one optimizer, `MultiOptimizer` wraps a
    list. Any other optimizer is returned itself; `None` (a model without optimizer) gives [].

    >>> import keras
    >>> from kerasrecipes._backend.updating_optimizers import updating_optimizers
    >>> inner = keras.optimizers.SGD(0.1)
    >>> updating_optimizers(keras.optimizers.LossScaleOptimizer(inner)) == [inner]
    True
    """
    if optimizer is None:
        return []
    if hasattr(optimizer, "inner_optimizer"):
        return updating_optimizers(optimizer.inner_optimizer)
    if hasattr(optimizer, "optimizers"):
        return [inner for one in optimizer.optimizers for inner in updating_optimizers(one)]
    return [optimizer]


def own_optimizers(model):
    """Return {path: optimizer} of the optimizers of a custom `train_step`.

    They are searched in the attributes of the model, and in lists and dicts there: `generator`,
    `both[0]`, `both['critic']`.
    """
    found = {}
    compiled = [model.optimizer, *updating_optimizers(model.optimizer)]  # wrapped by a loss scale
    for name, value in vars(model).items():
        if name.startswith("_self_"):  # TensorFlow's own lists of what the model holds
            continue
        for path, optimizer in _optimizers_in(value, name):
            if not any(optimizer is other for other in [*compiled, *found.values()]):
                found[path] = optimizer
    return found


def _optimizers_in(value, path):
    if isinstance(value, keras.optimizers.Optimizer):
        yield path, value
    elif isinstance(value, dict):
        for key, part in value.items():
            yield from _optimizers_in(part, f"{path}[{key!r}]")
    elif isinstance(value, (list, tuple)):
        for number, part in enumerate(value):
            yield from _optimizers_in(part, f"{path}[{number}]")
