"""Metrics in which each image counts once, whatever its weight, and padding not at all."""

from typing import Any

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="kerasrecipes")
class ImageMetric(keras.metrics.Metric):
    """Another metric, with the weight 1 for each image whose weight is 0 or more.

    Padding is told by its weight, which `augment.padded_batches` makes negative.

    Args:
        metric: `keras.metrics.Metric`, or `"accuracy"` of labels or one-hot labels.
    """

    def __init__(self, metric: Any, **kwargs: Any) -> None:
        if metric == "accuracy":
            metric = keras.metrics.MeanMetricWrapper(_accuracy, name="accuracy")
        super().__init__(name=metric.name, **kwargs)
        self.metric = metric

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> Any:
        if sample_weight is not None:
            sample_weight = ops.cast(ops.greater_equal(sample_weight, 0), self.dtype)
        return self.metric.update_state(y_true, y_pred, sample_weight)

    def result(self) -> Any:
        return self.metric.result()

    def reset_state(self) -> None:
        self.metric.reset_state()

    def get_config(self) -> dict[str, Any]:
        return {"metric": keras.saving.serialize_keras_object(self.metric)}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Any:
        return cls(keras.saving.deserialize_keras_object(config["metric"]))


@keras.saving.register_keras_serializable(package="kerasrecipes")
def _accuracy(y_true, y_pred):
    """Whether the largest probability is that of the label."""
    if len(y_true.shape) == len(y_pred.shape) and y_true.shape[-1] == y_pred.shape[-1] > 1:
        y_true = ops.argmax(y_true, axis=-1)
    labels = ops.reshape(ops.cast(y_true, "int32"), (-1,))
    return ops.cast(ops.argmax(y_pred, axis=-1) == labels, keras.config.floatx())
