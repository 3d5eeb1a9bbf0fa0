"""Validation on small arrays without a pipeline."""

import keras

LARGEST_BATCH = 1024


class ValidateArrays(keras.callbacks.Callback):
    """Evaluates on arrays at the end of each epoch, as `validation_data` has `fit` do.

    `fit` makes a new pipeline for each evaluation, which costs several times an epoch of a head on
    cached features. Must come before the callbacks that read its results.

    Args:
        arrays: tuple `(x, y)` or `(x, y, sample_weight)`.
    """

    def __init__(self, arrays):
        super().__init__()
        self._arrays = arrays

    def on_epoch_end(self, epoch, logs=None):
        model, results = self.model, {}
        model.reset_metrics()
        for start in range(0, len(self._arrays[0]), LARGEST_BATCH):
            batch = [array[start : start + LARGEST_BATCH] for array in self._arrays]
            results = model.test_on_batch(*batch, return_dict=True)
        if keras.backend.backend() == "torch":
            model.train()
        logs.update({f"val_{name}": float(value) for name, value in results.items()})
