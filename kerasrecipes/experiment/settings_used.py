"""The settings of a run with the values that were used in place of a default that depends."""

import dataclasses

import keras


def settings_used(run, crop, epochs):
    """Return pairs of strings (name, value) of each setting of a run.

    A setting without a value shows the one that was used where the run knows it, and what its help
    says of the default otherwise.

    Args:
        run: The `Run`.
        crop: The first transform of testing, which knows the size.
        epochs: int, how many were trained.
    """
    used = {
        "output": str(run.folder),
        "size": getattr(crop, "size", None),
        "epochs": epochs,
        "precision": keras.config.dtype_policy().name,
        "jit": "on" if run.jit else "off",
    }
    rows = []
    for field in dataclasses.fields(run.config):
        value = getattr(run.config, field.name)
        if value in (None, "auto"):
            value = _used(field, value, used.get(field.name))
        rows.append([field.name, str(value)])
    return rows


def _used(field, value, used):
    if used is not None:
        return used if value is None else f"{used} ({value})"
    _, bracket, default = field.metadata["help"].partition(" (default: ")
    return value or (default.removesuffix(")") if bracket else "none")
