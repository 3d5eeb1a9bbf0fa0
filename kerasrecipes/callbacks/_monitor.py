"""What a callback that watches a metric needs to know of it."""

from kerasrecipes._backend.keras_internals import metric_direction


def value_of(monitor, logs):
    """Return the metric's value, or raise an error that names what there is."""
    if not logs or monitor not in logs:
        raise ValueError(
            f"Argument `monitor` must be one of {', '.join(sorted(logs or {}))}. "
            f"Received: monitor={monitor!r}"
        )
    return float(logs[monitor])


def sign_of(monitor, mode, model):
    """Return 1 if more of the metric is better, -1 if less is."""
    if mode == "auto":
        return metric_direction(monitor, model)  # raises where Keras cannot tell
    return 1 if mode == "max" else -1
