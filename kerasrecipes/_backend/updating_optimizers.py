"""The one way to look through the wrappers of optimizers."""


def updating_optimizers(optimizer):
    """Return the optimizers that update variables, inside wrappers to any depth.

    `LossScaleOptimizer` and `LayerwiseLearningRates` have one, Keras's optimizer of several has a
    list. Any other is its own; `None` (a model that was not compiled with one) has none.

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
