"""The value and the direction of the metric, or the weighted metrics, that a callback monitors."""

import keras
import numpy as np

from kerasrecipes._backend.keras_internals import locals_of_fit, metric_direction
from kerasrecipes._validation import check_number
from kerasrecipes._warning import warn


def check_monitor(monitor):
    """Raise unless `monitor` is the name of a metric, or {name: weight}."""
    if isinstance(monitor, str):
        return
    if not isinstance(monitor, dict) or not all(isinstance(name, str) for name in monitor):
        raise TypeError(
            "Argument `monitor` must be the name of a metric or a dict of names and weights. "
            f"Received: monitor={monitor!r}"
        )
    if not monitor:
        raise ValueError("Argument `monitor` must name a metric. Received: monitor={}")
    for name, weight in monitor.items():
        check_number(f"monitor[{name!r}]", weight, "(0, inf)")


def check_validation(monitor, every_steps, validation_data):
    """Raise unless a validation inside epochs has its data and gives the metrics."""
    if every_steps is not None and validation_data is None:
        raise ValueError(
            "Argument `validation_data` must be given with `every_steps`. "
            f"Received: every_steps={every_steps}, validation_data=None"
        )
    names = names_of(monitor)
    if every_steps is not None and not all(name.startswith("val_") for name in names):
        raise ValueError(
            "Argument `monitor` must begin with 'val_' when `every_steps` validates. "
            f"Received: monitor={monitor!r}"
        )
    if every_steps is None and validation_data is not None:
        warn("`validation_data` has no effect without `every_steps`.")


def names_of(monitor):
    """Return the names of the metrics."""
    return [monitor] if isinstance(monitor, str) else list(monitor)


def text_of(monitor):
    """Return one line that identifies what is monitored."""
    if isinstance(monitor, str):
        return monitor
    return " + ".join(f"{weight:g} {name}" for name, weight in monitor.items())


def is_in(monitor, logs):
    """Whether the logs have every metric that is monitored."""
    return all(name in (logs or {}) for name in names_of(monitor))


def value_of(monitor, logs):
    """Return the metric's value, or the weighted sum, as a float; raise if one is absent."""
    absent = [name for name in names_of(monitor) if name not in (logs or {})]
    if absent:
        if not logs:
            raise ValueError(
                "Argument `monitor` needs metrics, and there are none: is there no data to "
                f"validate on? Received: monitor={monitor!r}"
            )
        what = repr(monitor) if isinstance(monitor, str) else f"{monitor!r}, without {absent}"
        raise ValueError(
            f"Argument `monitor` must be one of {', '.join(sorted(logs or {}))}. "
            f"Received: monitor={what}"
        )
    if isinstance(monitor, str):
        return _scalar(monitor, logs[monitor])
    return sum(weight * _scalar(name, logs[name]) for name, weight in monitor.items())


def sign_of(monitor, mode, model):
    """Return 1 if more of the metric is better, -1 if less is."""
    if mode != "auto":
        return 1 if mode == "max" else -1
    signs = {_direction(name, model) for name in names_of(monitor)}
    if len(signs) > 1:
        raise ValueError(
            "Argument `monitor` must have metrics of one direction: more is better, or less is. "
            f"Received: monitor={monitor!r}"
        )
    return signs.pop()


def check_will_come(monitor, logs, model, is_last_epoch):
    """Raise where an epoch's logs, which lack the metric, show that it will never be there.

    With `validation_freq`, `fit` does not validate in every epoch.
    """
    has_validated = any(name.startswith("val_") for name in logs or {})
    is_of_validation = all(
        name.startswith("val_") for name in names_of(monitor) if name not in (logs or {})
    )
    if has_validated or is_last_epoch or not is_of_validation or not _validates(model):
        value_of(monitor, logs)


def check_direction(monitor, mode, model):
    """Raise after the first step, not after the first epoch, where the direction is not known."""
    if mode != "auto":
        return
    try:
        logs = model.get_metrics_result()
    except ValueError:  # compiled metrics that a custom `train_step` does not update
        return
    if all(name.removeprefix("val_") in logs for name in names_of(monitor)):
        sign_of(monitor, mode, model)


def _validates(model):
    """Whether the `fit` that runs was given data to validate on: it tells no callback."""
    return locals_of_fit(model).get("validation_data") is not None


def _scalar(name, value):
    value = np.asarray(keras.ops.convert_to_numpy(value), "float64")
    if value.size != 1:
        raise ValueError(
            "Argument `monitor` must be a metric of one number; give the metric an `average`. "
            f"Received: monitor={name!r}, of shape {value.shape}"
        )
    return float(value.reshape(()))


def _direction(name, model):
    """Read the direction from the metric; an output's name stands before the metric's."""
    plain = name.removeprefix("val_")
    outputs = getattr(model, "output_names", None) or ()
    of_outputs = [plain.removeprefix(f"{o}_") for o in outputs if plain.startswith(f"{o}_")]
    for candidate in (plain, *of_outputs):
        try:
            return metric_direction(candidate, model)
        except ValueError:
            continue
    raise ValueError(
        "Argument `mode` must be 'min' or 'max' where the metric does not tell which is better. "
        f"Received: mode='auto', monitor={name!r}"
    )
