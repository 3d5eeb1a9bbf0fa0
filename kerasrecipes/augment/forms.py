"""Whether another form of a transform, of a batch or for a device, does what the transform does."""

FORM_FOR_DEVICE = "apply_on_device", ["__call__", "apply"]


def has_form_of_all(transform, form, methods):
    """Return whether a transform has a method `form` that does what `methods` do.

    One whose class changes a method of the class that has the form does not.
    """
    kind = type(transform)
    owner = next((base for base in kind.__mro__ if form in vars(base)), None)
    return owner is not None and not any(_is_changed(kind, owner, name) for name in methods)


def _is_changed(kind, owner, name):
    return getattr(kind, name, None) is not getattr(owner, name, None)
