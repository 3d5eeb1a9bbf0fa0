"""A folder that a callback will write to, checked before the first step."""

import os
import tempfile


def make_folder(folder, argument, value, rule="be a folder"):
    """Make `folder`, or raise a `ValueError` about `argument` if it cannot be written."""
    try:
        os.makedirs(folder, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise ValueError(
            f"Argument `{argument}` must {rule} that can be written ({error.strerror}). "
            f"Received: {argument}={str(value)!r}"
        ) from error
