"""Raises an error that names the extra to install, where a library is missing."""

import importlib.util


def require_tensorflow(room):
    """Raise an `ImportError` that names the extra, unless TensorFlow is installed."""
    if importlib.util.find_spec("tensorflow") is None:
        raise ImportError(
            f"`kerasrecipes.{room}` is built on tf.data and needs TensorFlow, whichever backend "
            "Keras runs on. Install it with: pip install 'kerasrecipes[cpu]' "
            "(or 'kerasrecipes[gpu]')."
        )


def require_scipy(function):
    """Raise an `ImportError` that names the extra, unless SciPy is installed."""
    if importlib.util.find_spec("scipy") is None:
        raise ImportError(
            f"`{function}` needs SciPy. Install it with: pip install 'kerasrecipes[lbfgs]'"
        )
